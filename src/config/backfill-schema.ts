import { z } from 'zod';
import { keyPrefix } from './key-prefix.ts';
import { flag } from './scalars.ts';
import { duration } from './units.ts';

/** Carrying up what nobody asks for. */
export const backfillSchema = z.strictObject({
  enabled: flag().prefault(false).describe('Carry up what nobody asks for, in the background'),
  skip: z
    .array(keyPrefix())
    .prefault([])
    .describe('Key prefixes that are left below for good: [cache/], which Mastodon can fetch again'),
  heatHalfLife: duration({ least: '1h', most: '365d' })
    .prefault('7d')
    .describe('A view counts half after this time, when what is asked for most goes up first'),
});

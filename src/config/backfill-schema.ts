import { z } from 'zod';
import { flag, integer } from './scalars.ts';
import { duration } from './units.ts';

/** Carrying up what nobody asks for. */
export const backfillSchema = z.strictObject({
  enabled: flag().prefault(false).describe('Carry up what nobody asks for, in the background'),

  listEvery: z
    .union([z.literal('off'), duration({ least: '1m' })], {
      error: 'must be off, or a duration: a whole number with a unit: ms, s, m, h, d (24h)',
    })
    .prefault('24h')
    .describe("How old the bucket's inventory may become before it is listed again; off: only by hand"),
  listRate: integer({ most: 1000 })
    .prefault(20)
    .describe('Requests a second that listing the bucket may take; each brings 1000 keys'),
});

import { z } from 'zod';
import { flag } from './scalars.ts';

/** Carrying up what nobody asks for. */
export const backfillSchema = z.strictObject({
  enabled: flag().prefault(false).describe('Carry up what nobody asks for, in the background'),
});

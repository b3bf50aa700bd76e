import { z } from 'zod';
import { duration } from './units.ts';

/** When a source may be taken out of the read path. */
export const retireSchema = z.strictObject({
  quiet: duration()
    .prefault('72h')
    .describe('How long a source must have answered no reader; only the time counts in which Upstairs ran'),
  proof: duration().prefault('7d').describe('How old a clean verification may be'),
});

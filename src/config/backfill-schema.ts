import { z } from 'zod';
import { flag } from './scalars.ts';
import { timetable } from './timetable-schema.ts';

/** Carrying up what nobody asks for. */
export const backfillSchema = z.strictObject({
  enabled: flag().prefault(false).describe('Carry up what nobody asks for, in the background'),
  timetable: timetable()
    .prefault({})
    .describe(
      "How fast at which times of day, by this machine's clock: off (paused), full, or a limit; full outside of all entries",
    ),
});

import { z } from 'zod';
import { flag, integer } from './scalars.ts';
import { durationOrOff } from './units.ts';

/** Carrying up what nobody asks for. */
export const backfillSchema = z.strictObject({
  enabled: flag().prefault(false).describe('Carry up what nobody asks for, in the background'),
  scanEvery: durationOrOff({ least: '1s' })
    .prefault('24h')
    .describe('How often the disks are looked through for new files while it is enabled; off: only by upstairs scan'),
  scanRate: integer().prefault(5000).describe('Names that a scan looks at in a second, at most'),
});

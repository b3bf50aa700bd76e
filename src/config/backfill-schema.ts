import { z } from 'zod';
import { keyPrefix } from './key-prefix.ts';
import { flag, integer } from './scalars.ts';
import { timetable } from './timetable-schema.ts';
import { duration, durationOrOff } from './units.ts';

/** Carrying up what nobody asks for. */
export const backfillSchema = z.strictObject({
  enabled: flag().prefault(false).describe('Carry up what nobody asks for, in the background'),
  timetable: timetable()
    .prefault({})
    .describe(
      "How fast at which times of day, by this machine's clock: off (paused), full, or a limit; full outside of all entries",
    ),
  skip: z
    .array(keyPrefix())
    .prefault([])
    .describe('Key prefixes that are left below for good: [cache/], which Mastodon can fetch again'),
  heatHalfLife: duration({ least: '1h', most: '365d' })
    .prefault('7d')
    .describe('A view counts half after this time, when what is asked for most goes up first'),
  scanEvery: durationOrOff({ least: '1s' })
    .prefault('24h')
    .describe('How often the disks are looked through for new files while it is enabled; off: only by upstairs scan'),
  scanRate: integer().prefault(5000).describe('Names that a scan looks at in a second, at most'),

  listEvery: z
    .union([z.literal('off'), duration({ least: '1m' })], {
      error: 'must be off, or a duration: a whole number with a unit: ms, s, m, h, d (24h)',
    })
    .prefault('24h')
    .describe("How old the bucket's inventory may become before it is listed again; off: only by hand"),
  listRate: integer({ most: 1000 })
    .prefault(20)
    .describe('Requests a second that listing the bucket may take; each brings 1000 keys'),

  concurrency: integer({ most: 64 })
    .prefault(4)
    .describe(
      'Copies at once from one source, at most: it begins with one, and follows how quickly the source answers',
    ),
  sourceErrors: integer({ most: 1000 })
    .prefault(8)
    .describe('Errors of a source in a row after which it is left alone for a time'),
  sourceRest: duration({ least: '1s', most: '2h' })
    .prefault('10m')
    .describe('How long the first time; doubles each time, up to 2h, until a copy from it has succeeded'),
});

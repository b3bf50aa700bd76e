import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { integer } from './scalars.ts';
import { duration } from './units.ts';

/** Names of tiers that are not sources: logs and metrics could not tell them apart. */
const takenNames = ['cache', 'bucket'];

const name = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/, { error: 'must be 1 to 32 of a-z, 0-9 and "-"', abort: true })
  .refine((value) => !takenNames.includes(value), {
    error: 'must not be "cache" or "bucket", which are tiers already',
  });

const disk = z
  .strictObject({
    type: z.literal('disk').describe('A directory on this machine'),
    name: name.describe('Name in logs, metrics and Cache-Status'),
    root: z
      .string()
      .refine((path) => isAbsolute(path) && !path.includes('\0'), { error: 'must be an absolute path' })
      .describe("Mastodon's public/system on the old disk; a key is a path below it"),
    maxOutstanding: integer({ most: 1024 })
      .prefault(8)
      .describe('Operations at once on this disk; a hung disk holds no more threads than that'),
    maxLookups: integer({ most: 1024 })
      .prefault(4)
      .describe('Of these, look-ups of keys that may not exist, so that invented URLs leave room'),
    maxWaiting: integer({ least: 0 }).prefault(256).describe('Operations that may wait; more are refused at once'),
    deadline: duration().prefault('4s').describe('Time until an operation counts as hung'),
  })
  .refine((value) => value.maxLookups <= value.maxOutstanding, {
    path: ['maxLookups'],
    error: 'must not be more than maxOutstanding',
  });

const source = z.discriminatedUnion('type', [disk]);

/** One old place that still holds media. */
export type SourceConfig = z.output<typeof source>;

/** The old places, in the order in which they are asked. */
export const sourcesSchema = z
  .array(source)
  .min(1)
  // libuv's pool has 1024 threads at most, and state, spool and DNS need some.
  .refine((all) => all.reduce((sum, source) => sum + source.maxOutstanding, 0) <= 1000, {
    error: 'must not have more than 1000 maxOutstanding together: libuv has no more threads',
  })
  .superRefine((all, context) => {
    for (const [i, later] of all.entries()) {
      const earlier = all.findIndex((other) => other.name === later.name);
      if (earlier === i) continue;
      context.addIssue({
        code: 'custom',
        path: [i, 'name'],
        message: `is also the name of sources.${earlier}: give each source its own`,
      });
    }
  });

import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { diskLinksSchema } from './disk-links-schema.ts';
import { flag, integer } from './scalars.ts';
import { sourceName } from './source-name.ts';
import { duration } from './units.ts';

/** An old disk of this machine. */
export const diskSource = z
  .strictObject({
    type: z.literal('disk').describe('A directory on this machine'),
    name: sourceName(),
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
    required: flag()
      .prefault(true)
      .describe(
        'false: start without it when it is not there, is empty or hangs; what only it may have is 503 until it appears',
      ),
    alsoAllow: diskLinksSchema
      .optional()
      .describe(
        'Symlinks in root that lead to directories elsewhere, each with operations of its own; no others are followed',
      ),
  })
  .refine((value) => value.maxLookups <= value.maxOutstanding, {
    path: ['maxLookups'],
    error: 'must not be more than maxOutstanding',
  });

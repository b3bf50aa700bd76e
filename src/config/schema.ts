import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { appProblems, appSchema } from './app-schema.ts';
import { backfillSchema } from './backfill-schema.ts';
import { bucketSchema } from './bucket-schema.ts';
import { copySchema } from './copy-schema.ts';
import { hostName } from './host-name.ts';
import { keyPrefix } from './key-prefix.ts';
import { listenAddress } from './listen-address.ts';
import { listenerProblems } from './listeners.ts';
import { readProblems, readSchema } from './read-schema.ts';
import { retireSchema } from './retire-schema.ts';
import { credential, flag } from './scalars.ts';
import { sourcesSchema } from './sources-schema.ts';
import { duration, size } from './units.ts';
import { writeProblems, writeSchema } from './write-schema.ts';

const state = z.strictObject({
  dir: z
    .string()
    .refine((path) => isAbsolute(path) && !path.includes('\0'), { error: 'must be an absolute path' })
    .describe('Directory of marks.db, ledger.db and spool/; on a healthy disk, and in your backups'),
});

const admin = z.strictObject({
  listen: listenAddress()
    .prefault('127.0.0.1:9180')
    .describe('Address and port of health, metrics and orders; keep it private'),
  hosts: z
    .array(hostName())
    .prefault([])
    .describe(
      'Names under which it is asked; addresses, names without a dot, and private ones (.local, .lan, .internal) need not stand here',
    ),
  token: credential()
    .min(16, { error: 'must have at least 16 characters: anybody may try (openssl rand -hex 32)' })
    .optional()
    .describe('Who sends it may give orders: start, pause, limit, retry; nobody may where it is left out'),
});

const media = z.strictObject({
  private: z
    .array(keyPrefix())
    .prefault(['backups/', 'imports/'])
    .describe("Key prefixes that are never served: people's exports and imports"),
});

const cache = z
  .strictObject({
    maxSize: size().prefault('256MiB').describe('Memory for all cached objects'),
    maxObject: size().prefault('4MiB').describe('Larger objects are not cached'),
    ttl: duration({ most: '24h' }).prefault('24h').describe('Time an object is kept; at most 24h'),
    frontTtl: duration({ most: '24h' })
      .prefault('1m')
      .describe('The same in phase: front, while Mastodon deletes on its disk and nobody tells the cache'),
  })
  .refine((value) => value.maxObject <= value.maxSize, {
    path: ['maxObject'],
    error: 'must not be more than cache.maxSize',
  });

const spool = z
  .strictObject({
    memory: size().prefault('64MiB').describe('Memory for all bodies that are under way'),
    memoryObject: size().prefault('1MiB').describe('Larger bodies go to a file in state.dir/spool'),
    disk: size().prefault('8GiB').describe('Disk space for all spool files; past it bodies are piped'),
    readAhead: size()
      .prefault('4MiB')
      .describe('A range that starts further than this past what has come in gets a read of its own'),
  })
  .refine((value) => value.memoryObject <= value.memory, {
    path: ['memoryObject'],
    error: 'must not be more than spool.memory',
  });

const shutdown = z.strictObject({
  drain: duration({ least: '0ms' }).prefault('20s').describe('Time for open responses to end'),
  copies: duration({ least: '0ms' }).prefault('10s').describe('Time for copies to reach a safe point'),
});

const log = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .prefault('info')
    .describe('Least serious level that is logged'),
  access: flag().prefault(true).describe('One line for each request'),
});

/**
 * The whole configuration, and the only description of it: types, defaults, checks and JSON Schema all come from here.
 * Keys are those of the YAML file. In the output every duration is a number of milliseconds, every size a number of
 * bytes, and every `listen` a `{ host, port }`. Unknown keys are refused.
 */
export const configSchema = z
  .strictObject({
    phase: z
      .enum(['front', 'move'])
      .prefault('move')
      .describe('front: serve, copy nothing (while Mastodon still writes to disk); move: copy too'),
    state: state.describe('What Upstairs must remember'),
    read: readSchema.describe('The read host: where readers come in'),
    write: writeSchema
      .optional()
      .describe("The write host: where Mastodon's S3 client comes in; none where it is left out"),
    app: appSchema.optional().describe('The app host: Mastodon itself, behind this; none where it is left out'),
    admin: admin.prefault({}).describe('The admin listener: health, metrics, and orders to the backfill'),
    bucket: bucketSchema.describe('Where media move to'),
    sources: sourcesSchema.describe('The old places, in the order in which they are asked'),
    media: media.prefault({}).describe('What media are'),
    cache: cache.prefault({}).describe('The edge cache: bytes kept in memory near the reader'),
    spool: spool.prefault({}).describe('Bodies under way, read by several at once'),
    copy: copySchema.prefault({}).describe('Copying from the sources into the bucket'),
    backfill: backfillSchema.prefault({}).describe('Carrying up what nobody asks for'),
    retire: retireSchema.prefault({}).describe('When a source may be retired'),
    shutdown: shutdown.prefault({}).describe('How long stopping may take'),
    log: log.prefault({}).describe('Logs, as JSON on standard output'),
  })
  .superRefine((config, context) => {
    for (const problem of listenerProblems(config)) context.addIssue({ code: 'custom', ...problem });
  })
  .superRefine(({ app, read }, context) => {
    if (app === undefined) return;
    for (const problem of appProblems(app, read)) context.addIssue({ code: 'custom', ...problem });
  })
  .superRefine(({ read, bucket }, context) => {
    for (const problem of readProblems(read, bucket)) context.addIssue({ code: 'custom', ...problem });
  })
  .superRefine(({ write, bucket }, context) => {
    if (write === undefined) return;
    for (const problem of writeProblems(write, bucket)) context.addIssue({ code: 'custom', ...problem });
  });

/** The parsed configuration: durations in milliseconds, sizes in bytes. It holds secrets: never log it. */
export type Config = z.output<typeof configSchema>;

import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { BreakingBucket } from './bucket/breaking-bucket.ts';
import { BucketAddress } from './bucket/bucket-address.ts';
import { BucketBinding } from './bucket/bucket-binding.ts';
import { BucketSetup } from './bucket/bucket-setup.ts';
import { GuardedBucket } from './bucket/guarded-bucket.ts';
import { identityKey } from './bucket/identity.ts';
import { IdentityGuard } from './bucket/identity-guard.ts';
import { RememberingBucket } from './bucket/remembering-bucket.ts';
import { RequestSigner } from './bucket/request-signer.ts';
import { S3Reader } from './bucket/s3-reader.ts';
import { S3Store } from './bucket/s3-store.ts';
import { storeClient } from './bucket/store-client.ts';
import { MemoryCache } from './cache/memory-cache.ts';
import type { Config } from './config/schema.ts';
import { Copier } from './copy/copier.ts';
import { Copies } from './copy/copies.ts';
import type { CopyRequests } from './copy/copy-requests.ts';
import { Leases } from './copy/leases.ts';
import { openListeners, type Ports } from './http/listeners.ts';
import type { Ledger } from './ledger/ledger.ts';
import { SqliteLedger } from './ledger/sqlite-ledger.ts';
import { Teardown } from './lib/teardown.ts';
import type { Marks } from './marks/marks.ts';
import { SqliteMarks } from './marks/sqlite-marks.ts';
import { Bodies } from './media/bodies.ts';
import { BucketReads } from './media/bucket-reads.ts';
import { contentType } from './media/content-type.ts';
import { Pipes } from './media/pipes.ts';
import { isPrivate } from './media/private-prefix.ts';
import { ReadThrough } from './media/read-through.ts';
import { SourceReads } from './media/source-reads.ts';
import { SpoolRoom } from './media/spool-room.ts';
import { createAccessLogger } from './observability/logger.ts';
import type { Metrics } from './observability/metrics.ts';
import { Reporter } from './observability/reporter.ts';
import { DiskSource } from './sources/disk.ts';

export interface App {
  /** Where the listeners are bound. */
  readonly ports: Ports;
  /** Drains and lets go of everything, with deadlines; later calls share the first one's promise. */
  stop(): Promise<void>;
  /** File operations that a disk still owes an answer: the process cannot end by itself before. */
  pendingDiskOperations(): number;
}

/** How many absences are remembered at once. */
const maxRememberedAbsences = 100_000;
/** How long a ledger write waits for company, in milliseconds. */
const ledgerBatchMs = 5;

const now = Date.now;

/** Builds the program from its configuration and starts it. The only place where implementations are constructed and wired. */
export async function startApp(config: Config, logger: Logger, metrics: Metrics): Promise<App> {
  const access = createAccessLogger({ level: config.log.level });
  const teardown = new Teardown((step, error) => logger.error({ error, step }, 'could not let go'));
  try {
    return await wire({ config, logger, metrics, report: new Reporter(logger, access, metrics), teardown });
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

/** The ledger in this file, also beside a running program. */
export function openLedger(file: string): Ledger {
  return new SqliteLedger(file, { batchMs: ledgerBatchMs });
}

interface Context {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly report: Reporter;
  readonly teardown: Teardown;
}

async function wire(context: Context): Promise<App> {
  const { config, metrics, teardown } = context;
  const { state } = config;
  const marks: Marks = new SqliteMarks(join(state.dir, 'marks.db'));
  teardown.add('marks', () => marks.close());
  const ledger = openLedger(join(state.dir, 'ledger.db'));
  teardown.add('ledger', () => ledger.close());

  const bucket = await wireBucket(context, ledger);
  const disks = await wireDisks(config);
  const media = wireMedia(context, disks);
  const copies = wireCopies(context, { marks, ledger, bucket, media });
  const moving = config.phase === 'move';
  const requests: CopyRequests = moving ? copies : { request: (_key, body) => body?.release() };
  const reads = new ReadThrough({
    privatePrefixes: config.media.private,
    cache: media.cache,
    marks,
    bodies: media.bodies,
    bucketReads: new BucketReads({
      bucket: bucket.reads,
      bodies: media.bodies,
      // The other half is for requests whose bytes do not wait for a reader.
      pipes: new Pipes({ maxPiped: Math.ceil(config.bucket.connections / 2), room: media.room }),
      firstByteMs: config.bucket.headersTimeout,
    }),
    bucket: bucket.reads,
    sourceReads: media.sourceReads,
    ledger,
    copies: requests,
    sourcesAllowed: () => bucket.binding.bound,
    now,
    bucketTroubled: context.report.bucketTroubled,
    vanished: context.report.vanished,
  });

  metrics.observe({
    cache: () => media.cache,
    spool: () => media.room.used,
    disks: () => disks.map((disk) => ({ source: disk.name, ...disk.load })),
    copiesActive: () => copies.active,
    identity: () => bucket.identity.state,
    ledger: () => ledger.counts(now()),
    now,
  });
  await copies.start();
  teardown.add('copies', () => copies.stop(config.shutdown.copies));
  const ports = await openListeners({
    config,
    teardown,
    reads,
    logger: context.logger,
    answered: config.log.access ? context.report.answered : context.report.counted,
    metrics: metrics.registry,
    notReady: () => [
      ...context.report.bucketReasons(bucket.identity.state, bucket.binding),
      ...disks.filter((disk) => disk.hung).map((disk) => `the disk ${disk.name} does not answer`),
    ],
    listening: context.report.listening,
  });
  return {
    ports,
    stop: () => teardown.run(),
    pendingDiskOperations: () => disks.reduce((sum, disk) => sum + disk.load.outstanding, 0),
  };
}

type BucketParts = Awaited<ReturnType<typeof wireBucket>>;

/** The bucket: reads over undici, from the inside out; writes over the SDK. */
async function wireBucket({ config, report, teardown }: Context, ledger: Ledger) {
  const { bucket } = config;
  const location = {
    endpoint: bucket.endpoint,
    name: bucket.name,
    keyPrefix: bucket.keyPrefix,
    addressing: bucket.addressing,
  };
  const credentials = { accessKeyId: bucket.accessKey, secretAccessKey: bucket.secretKey };
  const timeoutMs = bucket.connectTimeout + bucket.headersTimeout;
  const reader = new S3Reader({
    address: new BucketAddress(location),
    signer: new RequestSigner({ region: bucket.region, credentials }),
    connections: bucket.connections,
    connectTimeoutMs: bucket.connectTimeout,
    headersTimeoutMs: bucket.headersTimeout,
    bodyTimeoutMs: bucket.bodyTimeout,
  });
  teardown.add('bucket reads', () => reader.close());
  const client = storeClient({
    location,
    region: bucket.region,
    credentials,
    connectTimeoutMs: bucket.connectTimeout,
    socketTimeoutMs: bucket.bodyTimeout,
  });
  teardown.add('bucket writes', () => client.destroy());

  const binding = new BucketBinding({
    endpoint: bucket.endpoint,
    bucket: bucket.name,
    ledger,
    setup: new BucketSetup(client, bucket.name, bucket.keyPrefix),
    readIdentity: () => reader.readSigned(identityKey, AbortSignal.timeout(timeoutMs)),
    troubled: report.bucketNotExamined,
  });
  const identity = new IdentityGuard(() => binding.check(), report.identityChanged);
  await identity.confirm();
  if (binding.refused) throw binding.refused;
  identity.watch(bucket.identityEvery);
  teardown.add('identity', () => identity.stop());

  const { failures, retryAfter: retryAfterMs } = bucket.breaker;
  const guarded = new GuardedBucket(new BreakingBucket(reader, { failures, retryAfterMs }), identity);
  const reads = new RememberingBucket(guarded, { ttlMs: bucket.absenceTtl, maxKeys: maxRememberedAbsences });
  const { name, keyPrefix, acls } = bucket;
  return { binding, identity, reads, store: new S3Store({ client, bucket: name, keyPrefix, acls, timeoutMs }) };
}

function wireDisks({ sources, copy }: Config): Promise<DiskSource[]> {
  // The same headers before and after the move.
  const headersOf = (key: string) => ({ 'content-type': contentType(key), 'cache-control': copy.cacheControl });
  return Promise.all(
    sources.map(async ({ name, root, maxOutstanding, maxLookups, maxWaiting, deadline: deadlineMs }) => {
      const limits = { maxOutstanding, maxLookups, maxWaiting, deadlineMs };
      return DiskSource.at({ ...limits, name, root: await realpath(root), headersOf });
    }),
  );
}

type MediaParts = ReturnType<typeof wireMedia>;

/** Bodies: one fetch for readers, cache and copy. */
function wireMedia({ config, report }: Context, disks: readonly DiskSource[]) {
  const { spool, copy, phase, state } = config;
  const { maxSize: maxBytes, maxObject: maxObjectBytes, ttl: ttlMs } = config.cache;
  const cache = new MemoryCache({ maxBytes, maxObjectBytes, ttlMs });
  const room = new SpoolRoom({
    dir: join(state.dir, 'spool'),
    memoryBytes: spool.memory,
    memoryObjectBytes: spool.memoryObject,
    diskBytes: spool.disk,
  });
  const bodies = new Bodies({ room, cache, now, readAheadBytes: spool.readAhead });
  const sourceReads = new SourceReads({
    sources: disks,
    bodies,
    wantsWhole: (size) => (phase === 'move' && size <= copy.multipartAbove) || size <= cache.maxObjectBytes,
    troubled: report.sourceTroubled,
  });
  return { cache, room, bodies, sourceReads };
}

function wireCopies(
  { config, metrics, report }: Context,
  { marks, ledger, bucket, media }: { marks: Marks; ledger: Ledger; bucket: BucketParts; media: MediaParts },
): Copies {
  const { copy } = config;
  const leases = new Leases();
  const copier = new Copier({
    ledger,
    marks,
    store: bucket.store,
    identity: bucket.identity,
    leases,
    forCopy: (key) => media.sourceReads.forCopy(key),
    contentType,
    isPrivate: (key) => isPrivate(key, config.media.private),
    acls: config.bucket.acls,
    cacheControl: copy.cacheControl,
    minAgeMs: copy.minAge,
    maxBytes: copy.multipartAbove,
    requestTimeoutMs: copy.requestTimeout,
    looksMs: copy.looks,
    retry: { firstMs: copy.retry.first, mostMs: copy.retry.most, times: copy.retry.times },
    now,
    random: Math.random,
    events: {
      ended: (key, outcome, givenUp, bytes) => {
        if (outcome.type === 'copied') bucket.reads.forget(key);
        report.copyEnded(key, outcome, givenUp, bytes);
      },
      alarm: report.copyAlarm,
    },
  });
  return new Copies({
    ledger,
    copier,
    leases,
    copying: config.phase === 'move',
    concurrency: copy.concurrency,
    maxQueued: copy.maxQueued,
    rules: () => {
      const { conditional } = bucket.binding;
      const usable = conditional !== undefined && bucket.identity.state === 'ours';
      return usable ? { conditional, looks: copy.looks.length + 1 } : undefined;
    },
    now,
    failed: report.copyNotRecorded,
    turnedAway: () => metrics.copyRequestsTurnedAway.inc(),
  });
}

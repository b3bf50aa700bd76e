import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Context } from './app/context.ts';
import { wireAppHost } from './app/wire-app-host.ts';
import { wireBucket } from './app/wire-bucket.ts';
import { wireControl } from './app/wire-control.ts';
import { wireCopies, wirePace } from './app/wire-copies.ts';
import { wireGateway } from './app/wire-gateway.ts';
import { wireHistory } from './app/wire-history.ts';
import { openLedger } from './app/wire-ledger.ts';
import { wireMarkSweep } from './app/wire-mark-sweep.ts';
import { wireMedia } from './app/wire-media.ts';
import { wirePage } from './app/wire-page.ts';
import type { ScanProgram } from './app/wire-periodic-scans.ts';
import { openProof } from './app/wire-proof.ts';
import { readingsOf } from './app/wire-readings.ts';
import { wireRest } from './app/wire-rest.ts';
import { servingStatus } from './app/wire-status.ts';
import type { Config } from './config/schema.ts';
import type { CopyRequests } from './copy/copy-requests.ts';
import { historyRoute } from './http/history-route.ts';
import { openListeners, type Ports } from './http/listeners.ts';
import { statusRoute } from './http/status-route.ts';
import { OperatorError } from './lib/operator-error.ts';
import { Teardown } from './lib/teardown.ts';
import { hasMarks } from './marks/marks-peek.ts';
import { SqliteMarks } from './marks/sqlite-marks.ts';
import { BucketReads } from './media/bucket-reads.ts';
import { Pipes } from './media/pipes.ts';
import { ReadThrough } from './media/read-through.ts';
import { UseWatch } from './media/use-watch.ts';
import { createAccessLogger } from './observability/logger.ts';
import type { Metrics } from './observability/metrics.ts';
import { Reporter } from './observability/reporter.ts';
import { beginAtZero } from './observability/zeros.ts';
import { Leases } from './protocol/leases.ts';
import { CopyRate } from './status/copy-rate.ts';
import { SharedStatus } from './status/shared-status.ts';
import { TierCounter } from './status/tier-counter.ts';

export interface App {
  /** Where the listeners are bound. */
  readonly ports: Ports;
  /** Drains and lets go of everything, with deadlines; later calls share the first one's promise. */
  stop(): Promise<void>;
  /** Resolves when both databases of the state directory have answered. */
  stateAnswers(): Promise<void>;
  /** File operations that a disk still owes an answer: the process cannot end by itself before. */
  pendingDiskOperations(): number;
}

export interface StartOptions {
  /** A new ledger may take the bucket over from another one: what was deleted before is not known. */
  readonly acceptLoss?: boolean;
  /** How to start this program to scan. Left out: the sources are not scanned. */
  readonly scanProgram?: ScanProgram;
}

/** How often it is written down which sources were needed, and who answered readers, in milliseconds. */
const recordEveryMs = 60_000;
const leastRecordMs = 100;
/** For how long a look at the status is good for others, in milliseconds. */
const statusAgeMs = 1000;

/** Builds the program from its configuration and starts it. Implementations are constructed and wired here and in `app/`, nowhere else. */
export async function startApp(
  config: Config,
  logger: Logger,
  metrics: Metrics,
  { acceptLoss = false, scanProgram }: StartOptions = {},
): Promise<App> {
  const access = createAccessLogger({ level: config.log.level });
  const teardown = new Teardown((step, error) => logger.error({ error, step }, 'could not let go'));
  const report = new Reporter(logger, access, metrics);
  try {
    return await wire({ config, logger, metrics, report, teardown, acceptLoss, now: Date.now }, scanProgram);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function wire(context: Context, scanProgram: ScanProgram | undefined): Promise<App> {
  const { config, metrics, report, teardown, now } = context;
  const { state } = config;
  const ledger = openLedger(join(state.dir, 'ledger.db'));
  teardown.add('ledger', () => ledger.close());
  const marksFile = join(state.dir, 'marks.db');
  // Before they are made: the next start must find them missing too.
  if (!hasMarks(marksFile) && !context.acceptLoss && (await ledger.binding())) throw new MarksLostError(state.dir);
  const marks = new SqliteMarks(marksFile);
  teardown.add('marks', () => marks.close());

  const bucket = await wireBucket(context, ledger);
  const proof = openProof(join(state.dir, 'ledger.db'));
  teardown.add('proof', () => proof.close());
  const media = await wireMedia(context, marks, proof.retired);
  const use = await UseWatch.begin({
    use: proof.use,
    sources: () => media.inUse.names,
    // A short window needs a finer measure.
    everyMs: Math.min(recordEveryMs, Math.max(leastRecordMs, config.retire.quiet / 10)),
    now,
    failed: report.useNotRecorded,
    quietCounts: config.phase === 'move',
  });
  teardown.add('use of sources', () => use.stop());
  const counter = new TierCounter({ shares: proof.shares, everyMs: recordEveryMs, now, failed: report.useNotRecorded });
  counter.start();
  teardown.add('answers by tier', () => counter.stop());
  const rate = new CopyRate(now);
  report.watch({ answered: counter.count, copied: rate.copied });
  const leases = new Leases();
  const pace = wirePace(context);
  const moving = config.phase === 'move';
  const rest = await wireRest(context, { marks, ledger, bucket, media, pace, scanProgram });
  const history = wireHistory(context, { summary: proof.summary, media, rest });
  const copies = wireCopies(context, {
    marks,
    ledger,
    bucket,
    media,
    leases,
    pace,
    backfill: rest.drain,
    purge: (key) => reads.purge(key),
  });
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
    ...(config.read.bucketHits === 'redirect' && {
      publicUrlOf: (key: string) => bucket.address.publicUrlOf(key, config.bucket.publicUrl),
    }),
    sourceReads: media.sourceReads,
    ledger,
    copies: requests,
    needed: use.needed,
    sourcesAllowed: () => bucket.binding.bound,
    now,
    bucketTroubled: report.bucketTroubled,
    vanished: report.vanished,
  });

  const disksInUse = () => media.disks.filter(({ name }) => media.inUse.has(name));
  const notReady = () => [
    ...report.bucketReasons(bucket.identity.state, bucket.binding),
    ...disksInUse()
      .filter((disk) => disk.hung)
      .map((disk) => `the disk ${disk.name} does not answer`),
    ...disksInUse().flatMap(({ name, absences }) => absences.map((why) => `the disk ${name} is not there: ${why}`)),
  ];
  beginAtZero(metrics, { sources: config.sources.map(({ name }) => name), writeHost: config.write !== undefined });
  metrics.observe(
    readingsOf(config, {
      ...{ media, rest, pace, bucket, proof, ledger, now },
      openIntents: () => marks.openIntents(),
      oldestIntentMs: () => marks.oldestIntentMs(),
      copiesActive: () => copies.active,
      ready: () => notReady().length === 0,
    }),
    report.readingFailed,
  );
  const takenOut = await marks.knowSources(config.sources.map(({ name }) => name));
  if (takenOut.length > 0) report.sourcesTakenOut(takenOut);
  wireMarkSweep(context, { marks, ledger, files: rest.files, bucket, media, all: takenOut.length === 0 });
  await copies.start();
  teardown.add('copies', () => copies.stop(config.shutdown.copies));
  rest.start();
  const control = wireControl(context, { marks, ledger, bucket, leases, purge: (key) => reads.purge(key), rest });
  const status = new SharedStatus({
    status: servingStatus(config, {
      ...{ proof, ledger, media, rest, counter, rate, now },
      openIntents: () => marks.openIntents(),
    }),
    maxAgeMs: statusAgeMs,
    now: () => performance.now(),
  });
  const page = wirePage(context, {
    ...{ status: () => status.now(), control, history },
    hottest: rest.hottest,
  });
  const { write } = config;
  const gateway = { marks, uploads: marks.uploads, ledger, leases, bucket, media, reads, copies: requests };
  const ports = await openListeners({
    config,
    teardown,
    reads,
    others: {
      ...(write && { write: wireGateway(context, write, gateway) }),
      ...(config.app && { app: wireAppHost(context, config.app, reads) }),
    },
    logger: context.logger,
    answered(record) {
      rest.heat.answered(record);
      if (config.log.access) report.answered(record);
      else report.counted(record);
    },
    purged: report.purged,
    metrics,
    notReady,
    adminRoutes: [
      control.routes,
      statusRoute(() => status.now()),
      historyRoute({ history, now, failed: report.rest.notAnswered }),
      page.routes,
    ],
    publicStatus: page.public,
    listening: report.listening,
    certificateRenewed: report.certificateRenewed,
    certificateNotRenewed: report.certificateNotRenewed,
  });
  return {
    ports,
    stop: () => teardown.run(),
    async stateAnswers() {
      await Promise.all([marks.openIntents(), ledger.binding()]);
    },
    pendingDiskOperations: () => media.disks.reduce((sum, disk) => sum + disk.load.outstanding, 0),
  };
}

/** The ledger is here and the marks are not: what was deleted would come back. */
class MarksLostError extends OperatorError<'MARKS_LOST'> {
  constructor(dir: string) {
    super('MARKS_LOST', {
      found: `there is a ledger in ${dir}, and no marks.db, or an empty one: what was deleted and hidden is not known`,
      expected: 'marks.db, which belongs to that ledger',
      todo: 'restore a backup (upstairs ledger restore), or accept the loss by name (upstairs serve --accept-loss BUCKET)',
    });
  }
}

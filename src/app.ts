import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Context } from './app/context.ts';
import { wireAppHost } from './app/wire-app-host.ts';
import { wireBackfill } from './app/wire-backfill.ts';
import { wireBucket } from './app/wire-bucket.ts';
import { openOrders, wireControl } from './app/wire-control.ts';
import { wireCopies, wirePace } from './app/wire-copies.ts';
import { openFiles } from './app/wire-files.ts';
import { wireGateway } from './app/wire-gateway.ts';
import { wireHeat } from './app/wire-heat.ts';
import { wireInventory } from './app/wire-inventory.ts';
import { openLedger } from './app/wire-ledger.ts';
import { wireMedia } from './app/wire-media.ts';
import { wirePlan } from './app/wire-plan.ts';
import type { Config } from './config/schema.ts';
import type { CopyRequests } from './copy/copy-requests.ts';
import { MarkSweep } from './gateway/mark-sweep.ts';
import { openListeners, type Ports } from './http/listeners.ts';
import { Teardown } from './lib/teardown.ts';
import { SqliteMarks } from './marks/sqlite-marks.ts';
import { BucketReads } from './media/bucket-reads.ts';
import { Pipes } from './media/pipes.ts';
import { ReadThrough } from './media/read-through.ts';
import { createAccessLogger } from './observability/logger.ts';
import type { Metrics } from './observability/metrics.ts';
import { Reporter } from './observability/reporter.ts';
import { Leases } from './protocol/leases.ts';

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
}

/** How often settled marks are looked through for some that are not needed any more, in milliseconds. */
const sweepEveryMs = 10_000;
/** How long after the last look a mark may be forgotten, in milliseconds. */
const sweepMarginMs = 3600 * 1000;

/** Builds the program from its configuration and starts it. Implementations are constructed and wired here and in `app/`, nowhere else. */
export async function startApp(
  config: Config,
  logger: Logger,
  metrics: Metrics,
  { acceptLoss = false }: StartOptions = {},
): Promise<App> {
  const access = createAccessLogger({ level: config.log.level });
  const teardown = new Teardown((step, error) => logger.error({ error, step }, 'could not let go'));
  const report = new Reporter(logger, access, metrics);
  try {
    return await wire({ config, logger, metrics, report, teardown, acceptLoss, now: Date.now });
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function wire(context: Context): Promise<App> {
  const { config, metrics, report, teardown, now } = context;
  const { state } = config;
  const marks = new SqliteMarks(join(state.dir, 'marks.db'));
  teardown.add('marks', () => marks.close());
  const ledger = openLedger(join(state.dir, 'ledger.db'));
  teardown.add('ledger', () => ledger.close());
  if (marks.isNew && !context.acceptLoss && (await ledger.binding())) throw new MarksLostError(state.dir);

  const bucket = await wireBucket(context, ledger);
  const media = await wireMedia(context, marks);
  const leases = new Leases();
  const pace = wirePace(context);
  const orders = await openOrders(context);
  const moving = config.phase === 'move';
  const inventory = wireInventory(context, bucket.identity);
  const files = openFiles(config.state.dir);
  teardown.add('files', () => files.close());
  const backfill = moving
    ? wireBackfill(context, {
        plan: wirePlan(context, {
          marks,
          ledger,
          files,
          heat: wireHeat(context).heat,
          objects: inventory.objects,
        }),
        orders,
        ledger,
        marks,
        pace,
        media,
      })
    : undefined;
  const copies = wireCopies(context, {
    marks,
    ledger,
    bucket,
    media,
    leases,
    pace,
    backfill,
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
    sourcesAllowed: () => bucket.binding.bound,
    now,
    bucketTroubled: report.bucketTroubled,
    vanished: report.vanished,
  });

  metrics.observe({
    cache: () => media.cache,
    spool: () => media.room.used,
    disks: () => media.disks.map((disk) => ({ source: disk.name, ...disk.load })),
    remotes: () => media.remotes.map(({ source, asked, load }) => ({ source: source.name, asked, ...load })),
    copiesActive: () => copies.active,
    identity: () => bucket.identity.state,
    ledger: () => ledger.counts(now()),
    openIntents: () => marks.openIntents(),
    inventory: () => inventory.last(),
    backfill: async () => backfill?.facts(),
    now,
  });
  const takenOut = await marks.knowSources(config.sources.map(({ name }) => name));
  if (takenOut.length > 0) report.sourcesTakenOut(takenOut);
  const sweep = new MarkSweep({
    marks,
    ledger,
    whereBelow: media.whereBelow,
    allowed: moving && takenOut.length === 0,
    afterMs: (config.copy.looks.at(-1) ?? 0) + sweepMarginMs,
    everyMs: sweepEveryMs,
    now,
    failed: report.sweepFailed,
  });
  sweep.start();
  teardown.add('mark sweep', () => sweep.stop());
  await copies.start();
  teardown.add('copies', () => copies.stop(config.shutdown.copies));
  if (config.backfill.enabled) {
    inventory.start();
    teardown.add('inventory', () => inventory.stop());
  }
  if (backfill) {
    backfill.start();
    teardown.add('backfill', () => backfill.stop());
  }
  const purge = (key: string) => reads.purge(key);
  const control = wireControl(context, { marks, ledger, bucket, leases, orders, drain: backfill, purge });
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
    answered: config.log.access ? report.answered : report.counted,
    purged: report.purged,
    metrics: metrics.registry,
    adminRoutes: [control.routes],
    notReady: () => [
      ...report.bucketReasons(bucket.identity.state, bucket.binding),
      ...media.disks.filter((disk) => disk.hung).map((disk) => `the disk ${disk.name} does not answer`),
      ...media.disks.flatMap(({ name, absences }) => absences.map((why) => `the disk ${name} is not there: ${why}`)),
    ],
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
class MarksLostError extends Error {
  override readonly name = 'MarksLostError';
  readonly code = 'MARKS_LOST';

  constructor(dir: string) {
    super(
      `there is a ledger in ${dir}, and no marks.db: what was deleted and hidden is not known. Restore a backup (upstairs ledger restore), ` +
        'or accept the loss by name (upstairs serve --accept-loss BUCKET)',
    );
  }
}

import { join } from 'node:path';
import { AclFix, type AclFixOptions } from '../acl-fix/acl-fix.ts';
import { unaskedSource, withoutAbsences } from '../acl-fix/without-absences.ts';
import { idIn } from '../bucket/bucket-binding.ts';
import { S3ObjectAcls } from '../bucket/s3-object-acls.ts';
import { S3ObjectMends } from '../bucket/s3-object-mends.ts';
import { storeClient } from '../bucket/store-client.ts';
import type { Config } from '../config/schema.ts';
import { provesAbsence } from '../config/sources-schema.ts';
import { Pace } from '../lib/pace.ts';
import { Teardown } from '../lib/teardown.ts';
import { SqliteMarks } from '../marks/sqlite-marks.ts';
import { isPrivate } from '../media/private-prefix.ts';
import { createLogger } from '../observability/logger.ts';
import { Metrics } from '../observability/metrics.ts';
import { Reporter } from '../observability/reporter.ts';
import type { Context } from './context.ts';
import { retiredIn } from './wire-proof.ts';
import { wireSources } from './wire-sources.ts';

/** Tries of a question to the store, with the SDK's waits between them. */
const maxAttempts = 5;
/** Below it is what is the program's own. */
const reserved = '_upstairs/';

/** Look-ups at once on a disk: they are few, and a hung one must leave threads to everything else. */
const lookups = 2;

export interface AclFixer {
  readonly fix: AclFix;
  /** The ledger that the bucket's identity names; undefined: none. */
  bucketOf(): Promise<string | undefined>;
  close(): Promise<void>;
  /** File operations that a disk still owes an answer: the process cannot end by itself before. */
  pendingDiskOperations(): number;
}

export type AclFixerOptions = Pick<AclFixOptions, 'apply' | 'concurrency' | 'failed' | 'progress'> & {
  /** Requests to the store in a second. */
  readonly perSecond: number;
};

/** Names of the web servers whose 404 proves nothing: they say it of everything while their disk is not mounted. */
export function sourcesWithoutCanary({ sources }: Pick<Config, 'sources'>): string[] {
  return sources.filter((source) => !provesAbsence(source)).map(({ name }) => name);
}

/** Everything that `upstairs acl fix` works with, beside a running `serve` or without one. There must be a marks.db. */
export async function aclFixer(config: Config, options: AclFixerOptions): Promise<AclFixer> {
  const logger = createLogger({ level: 'fatal', to: process.stderr });
  const metrics = new Metrics({ version: '', node: process.version, configFingerprint: '', phase: config.phase });
  const teardown = new Teardown((step, error) => logger.fatal({ error, step }, 'could not let go'));
  const sources = config.sources.map((given) => {
    // All that ask at once may wait: who is turned away knows nothing of his key.
    const source = { ...given, maxWaiting: Math.max(given.maxWaiting, options.concurrency) };
    return source.type === 'disk' ? { ...source, maxOutstanding: lookups, maxLookups: lookups } : source;
  });
  const report = new Reporter(logger, logger, metrics);
  const context = {
    config: { ...config, sources },
    logger,
    metrics,
    report,
    teardown,
    acceptLoss: false,
    now: Date.now,
  };
  try {
    return await wire(context, options);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function wire(context: Context, options: AclFixerOptions): Promise<AclFixer> {
  const { config, teardown } = context;
  const { bucket, state, media } = config;
  const shared = {
    location: bucket,
    region: bucket.region,
    credentials: { accessKeyId: bucket.accessKey, secretAccessKey: bucket.secretKey },
    connectTimeoutMs: bucket.connectTimeout,
    socketTimeoutMs: bucket.bodyTimeout,
  };
  const questions = storeClient({ ...shared, maxAttempts });
  teardown.add('questions to the bucket', () => questions.destroy());
  const changes = storeClient(shared);
  teardown.add('changes of the bucket', () => changes.destroy());
  const { name, keyPrefix, acls: hasAcls } = bucket;
  const timeoutMs = bucket.connectTimeout + bucket.headersTimeout;
  const pace = new Pace(options.perSecond);
  const acls = new S3ObjectAcls({
    client: questions,
    store: new S3ObjectMends({ client: changes, bucket: name, keyPrefix, acls: hasAcls, timeoutMs }),
    bucket: name,
    keyPrefix,
    timeoutMs: timeoutMs * maxAttempts,
    turn: () => pace.turn(),
  });
  const marks = new SqliteMarks(join(state.dir, 'marks.db'));
  teardown.add('marks', () => marks.close());
  // What is retired may have files that are not for the public, and is not asked: what only it could tell is not known.
  const retired = retiredIn(join(state.dir, 'ledger.db'));
  const { sources, disks } = await wireSources(context, (name) => !retired.has(name));
  const unproven = new Set(sourcesWithoutCanary(config));
  const fix = new AclFix({
    ...options,
    acls,
    marks,
    sources: sources.map((source) => {
      if (retired.has(source.name)) return unaskedSource(source.name);
      return unproven.has(source.name) ? withoutAbsences(source) : source;
    }),
    isPrivate: (key) => isPrivate(key, media.private),
    isReserved: (key) => key.startsWith(reserved),
  });
  return {
    fix,
    bucketOf: async () => idIn(await acls.identity()),
    close: () => teardown.run(),
    pendingDiskOperations: () => disks.reduce((sum, { load }) => sum + load.outstanding, 0),
  };
}

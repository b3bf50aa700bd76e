import { join } from 'node:path';
import { withoutAbsences } from '../acl-fix/without-absences.ts';
import { idIn } from '../bucket/bucket-binding.ts';
import { S3ObjectProof } from '../bucket/s3-object-proof.ts';
import { storeClient } from '../bucket/store-client.ts';
import { configFingerprint } from '../config/fingerprint.ts';
import type { Config } from '../config/schema.ts';
import { provesAbsence } from '../config/sources-schema.ts';
import { SqliteObjects } from '../ledger/sqlite-objects.ts';
import { SqliteVerifications } from '../ledger/sqlite-verifications.ts';
import { OperatorError } from '../lib/operator-error.ts';
import { Pace } from '../lib/pace.ts';
import { Teardown } from '../lib/teardown.ts';
import { SqliteMarks } from '../marks/sqlite-marks.ts';
import { mediaClass } from '../media/media-class.ts';
import { isPrivate } from '../media/private-prefix.ts';
import { isSkipped } from '../media/skipped-prefix.ts';
import { createLogger } from '../observability/logger.ts';
import { Metrics } from '../observability/metrics.ts';
import { Reporter } from '../observability/reporter.ts';
import type { Source } from '../sources/source.ts';
import type { Acknowledged } from '../verify/acknowledged.ts';
import { Examiner } from '../verify/examiner.ts';
import { ExceptionSpool } from '../verify/exception-spool.ts';
import { type Noted, Outcome, type TakeLine } from '../verify/outcome.ts';
import type { EndedScan } from '../verify/preconditions.ts';
import { type Proof, verificationOf } from '../verify/proof.ts';
import { type ProveOptions, prove } from '../verify/prove.ts';
import { Reread } from '../verify/reread.ts';
import { sampleOf } from '../verify/sample.ts';
import { type Suspect, Verify } from '../verify/verify.ts';
import { filesDatabase, openFiles } from './wire-files.ts';
import { openLedger } from './wire-ledger.ts';
import { wireSources } from './wire-sources.ts';

/** Tries of a question to the store, with the SDK's waits between them. */
const maxAttempts = 5;
/** Operations at once on a disk: a hung one must leave threads to everything else. */
const diskOperations = 2;

/** A bucket that is not the one of which the ledger tells. */
class OtherBucketError extends OperatorError<'WRONG_BUCKET'> {}

export interface VerifierOptions {
  /** Percent of the objects that are read again. */
  readonly percent: number;
  readonly seed: string;
  /** Files are read again. */
  readonly source: boolean;
  readonly only: string | undefined;
  readonly acceptOldScan: boolean;
  readonly acknowledged: Acknowledged;
  readonly combined: TakeLine;
  /** Requests to the store in a second. */
  readonly perSecond: number;
  /** Keys at once. */
  readonly concurrency: number;
  readonly version: string;
  readonly list: ProveOptions['list'];
  readonly useOf: ProveOptions['useOf'];
  /** Sources that are out of the read path. */
  readonly retired: ReadonlySet<string>;
  readonly begin: (scans: readonly EndedScan[]) => void;
  /** Told now and then. */
  readonly progress: (done: { readonly keys: number; readonly bytes: number }) => void;
}

export interface Verifier {
  prove(signal: AbortSignal): Promise<Proof>;
  /** All that is not simply equal, from the last `prove`. */
  noted(): AsyncIterable<Noted>;
  /** Keeps the result in the ledger. */
  record(proof: Proof): Promise<void>;
  close(): Promise<void>;
  /** File operations that a disk still owes an answer: the process cannot end by itself before. */
  pendingDiskOperations(): number;
}

/** Everything that `upstairs verify` works with, beside a running `serve` or without one. There must be a state. */
export async function verifier(config: Config, options: VerifierOptions): Promise<Verifier> {
  const teardown = new Teardown((step, error) => {
    process.stderr.write(`could not let go of ${step}: ${(error as Error).message}\n`);
  });
  try {
    return await wire(config, options, teardown);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

async function wire(config: Config, options: VerifierOptions, teardown: Teardown): Promise<Verifier> {
  const { bucket, state, media, backfill } = config;
  const ledger = openLedger(join(state.dir, 'ledger.db'));
  teardown.add('ledger', () => ledger.close());
  const marks = new SqliteMarks(join(state.dir, 'marks.db'));
  teardown.add('marks', () => marks.close());
  const files = openFiles(state.dir);
  teardown.add('files', () => files.close());
  const objects = new SqliteObjects(filesDatabase(state.dir));
  teardown.add('objects', () => objects.close());
  const suspects = await ExceptionSpool.in<Suspect>(state.dir);
  teardown.add('suspects', () => suspects.close());
  const noted = await ExceptionSpool.in<Noted>(state.dir);
  teardown.add('exceptions', () => noted.close());

  const stop = new AbortController();
  const proof = objectProof(config, options, stop.signal, teardown);
  const configured = config.sources.map(({ name }) => name).filter((name) => !options.retired.has(name));
  const isAbout = (source: string) =>
    options.only === undefined ? configured.includes(source) : source === options.only;
  const { sources, pending } = options.source
    ? await sourcesOf(config, isAbout, teardown)
    : { sources: [], pending: () => 0 };

  const read = { objects: 0, objectBytes: 0, fileBytes: 0 };
  let keys = 0;
  const tell = () => options.progress({ keys, bytes: read.objectBytes + read.fileBytes });
  const disks = new Set(config.sources.filter(({ type }) => type === 'disk').map(({ name }) => name));
  const ways = { percent: options.percent, source: options.source, askedAcls: options.percent > 0 && bucket.acls };
  const examiner = new Examiner({
    markOf: async (key) => {
      const { mark, intents } = await marks.record(key);
      return { below: mark.below, shown: mark.shown, unsettled: intents.length > 0 };
    },
    proof: {
      ...proof.asked,
      hash: async (key, came) => {
        const hashed = await proof.asked.hash(key, came);
        if (hashed !== 'missing') read.objects += 1;
        return hashed;
      },
    },
    isAbout,
    isThere: (source) => configured.includes(source),
    rereads: new Map(
      sources.map((source) => [source.name, new Reread({ source, came: (bytes) => count('fileBytes', bytes) })]),
    ),
    inSample: sampleOf(options.percent, options.seed),
    came: (bytes) => count('objectBytes', bytes),
    askAcls: ways.askedAcls,
    hasPrivatePrefix: (key) => isPrivate(key, media.private),
    isSkipped: (key) => isSkipped(key, backfill.skip),
    wholeSeconds: (source) => !disks.has(source),
    signal: stop.signal,
  });
  function count(what: 'fileBytes' | 'objectBytes', bytes: number): void {
    read[what] += bytes;
    tell();
  }
  const outcome = new Outcome({
    classOf: mediaClass,
    acknowledged: options.acknowledged,
    noted,
    combined: options.combined,
  });
  const verify = new Verify({
    files,
    objects,
    copies: ledger,
    examiner,
    outcome,
    suspects,
    isAbout,
    concurrency: options.concurrency,
    progress: (seen) => {
      keys = seen;
      tell();
    },
  });
  const about = {
    version: options.version,
    node: process.version,
    configFingerprint: configFingerprint(config),
    endpoint: bucket.endpoint,
    bucket: bucket.name,
    ledger: ledger.id,
  };
  return {
    prove: async (signal) => {
      signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true });
      const { only, acceptOldScan, list, useOf, begin, acknowledged, seed } = options;
      const confirmBucket = () => confirm(proof.identity, ledger.id, bucket.name);
      const basis = { files, objects, configured, only, acceptOldScan, confirmBucket, list, useOf, begin };
      return await prove({ ...basis, verify, outcome, acknowledged, read, ways, seed, about, now: Date.now }, signal);
    },
    noted: () => noted.all(),
    record: async (result) => {
      const verifications = new SqliteVerifications(join(state.dir, 'ledger.db'));
      try {
        await verifications.record(verificationOf(result));
      } finally {
        await verifications.close();
      }
    },
    close: () => teardown.run(),
    pendingDiskOperations: pending,
  };
}

function objectProof({ bucket }: Config, { perSecond }: VerifierOptions, signal: AbortSignal, teardown: Teardown) {
  const client = storeClient({
    location: bucket,
    region: bucket.region,
    credentials: { accessKeyId: bucket.accessKey, secretAccessKey: bucket.secretKey },
    connectTimeoutMs: bucket.connectTimeout,
    socketTimeoutMs: bucket.bodyTimeout,
    maxAttempts,
  });
  teardown.add('bucket', () => client.destroy());
  const pace = new Pace(perSecond);
  const proof = new S3ObjectProof({
    client,
    bucket: bucket.name,
    keyPrefix: bucket.keyPrefix,
    timeoutMs: (bucket.connectTimeout + bucket.headersTimeout) * maxAttempts,
    turn: () => pace.turn(),
    signal,
  });
  return {
    asked: {
      head: (key: string) => proof.head(key),
      hash: (key: string, came: (bytes: number) => void) => proof.hash(key, came),
      acl: (key: string) => proof.acl(key),
    },
    identity: () => proof.identity(),
  };
}

/** In the wrong bucket everything is missing, or whatever else. */
async function confirm(identity: () => Promise<string | undefined>, ledger: string, name: string): Promise<void> {
  const found = idIn(await identity());
  if (found === ledger) return;
  throw new OtherBucketError('WRONG_BUCKET', {
    found: `the bucket ${name} ${found === undefined ? 'has no identity' : 'belongs to another state'}, and what it holds proves nothing`,
    expected: 'the bucket of which the ledger in state.dir tells',
    todo: 'correct bucket.name, bucket.endpoint, bucket.keyPrefix or state.dir',
  });
}

/** The sources that it is about, with few operations at once. */
async function sourcesOf(
  config: Config,
  isAbout: (source: string) => boolean,
  teardown: Teardown,
): Promise<{ sources: readonly Source[]; pending: () => number }> {
  const chosen = config.sources.filter(({ name }) => isAbout(name));
  const gentle = chosen.map((source) =>
    source.type === 'disk' ? { ...source, maxOutstanding: diskOperations, maxLookups: diskOperations } : source,
  );
  const logger = createLogger({ level: 'fatal', to: process.stderr });
  const metrics = new Metrics({ version: '', node: process.version, configFingerprint: '', phase: config.phase });
  const report = new Reporter(logger, logger, metrics);
  const { sources, disks } = await wireSources(
    {
      config: { ...config, sources: gentle },
      logger,
      metrics,
      report,
      teardown,
      acceptLoss: false,
      now: Date.now,
    },
    () => true,
  );
  const unproven = new Set(chosen.filter((source) => !provesAbsence(source)).map(({ name }) => name));
  return {
    sources: sources.map((source) => (unproven.has(source.name) ? withoutAbsences(source) : source)),
    pending: () => disks.reduce((sum, { load }) => sum + load.outstanding, 0),
  };
}

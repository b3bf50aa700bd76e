import type { Logger } from 'pino';
import type { BucketTrouble } from '../bucket/bucket.ts';
import type { IdentityState } from '../bucket/identity.ts';
import type { MendAnswer } from '../bucket/object-store.ts';
import type { ListenerName } from '../config/listeners.ts';
import type { OperationName } from '../gateway/operation.ts';
import type { WriteRecord } from '../gateway/write-handler.ts';
import type { AccessRecord } from '../http/access-log.ts';
import type { AppRecord } from '../http/app-record.ts';
import type { PurgeRecord } from '../http/media-handler.ts';
import type { PartUpload } from '../ledger/part-uploads.ts';
import type { CertificatePair } from '../lib/certificate-pair.ts';
import type { CopyOutcome } from '../protocol/state.ts';
import type { SourceAnswer } from '../sources/source.ts';
import type { Metrics } from './metrics.ts';
import { RestReporter } from './rest-reporter.ts';
import { type Watcher, Watchers } from './watchers.ts';

/** What happens, told once: as a line of the log, and as a number of the metrics. Its methods are bound. */
export class Reporter {
  /** The backfill, and what goes with it. */
  readonly rest: RestReporter;
  readonly #logger: Logger;
  readonly #access: Logger;
  readonly #metrics: Metrics;

  readonly #watchers = new Watchers();

  constructor(logger: Logger, access: Logger, metrics: Metrics) {
    this.#logger = logger;
    this.#access = access;
    this.#metrics = metrics;
    this.rest = new RestReporter(logger, access, metrics);
  }

  /** Has what is counted told to somebody else too. */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  readonly listening = (listener: ListenerName | 'admin', port: number): void => {
    this.#logger.info({ event: 'listening', listener, port }, 'listening');
  };

  /** A certificate that is used from now on. */
  readonly certificateRenewed = (listener: ListenerName, { endsMs }: CertificatePair): void => {
    this.#metrics.certificateEnds(listener, endsMs);
    this.#logger.info({ event: 'certificate', listener, ends: new Date(endsMs).toISOString() }, 'certificate in use');
  };

  readonly certificateNotRenewed = (listener: ListenerName, error: unknown): void => {
    this.#logger.error(
      { event: 'certificate', listener, error },
      'the new certificate cannot be used: that of before goes on',
    );
  };

  /** One answer to a reader. */
  readonly answered = (record: AccessRecord): void => {
    this.counted(record);
    const { method, key, tier, status, bytes, why, address, headMs, totalMs, cut } = record;
    this.#access.info(
      {
        event: 'read',
        method,
        key,
        tier,
        status,
        bytes,
        address,
        ms: Math.round(totalMs * 10) / 10,
        ...(headMs === undefined ? {} : { headMs: Math.round(headMs * 10) / 10 }),
        ...(why === undefined ? {} : { why }),
        ...(cut ? { cut } : {}),
      },
      'read',
    );
  };

  readonly counted = ({ tier, status, bytes, headMs, totalMs }: AccessRecord): void => {
    this.#metrics.answered(tier, status, bytes, (headMs ?? totalMs) / 1000);
    this.#watchers.answered(tier, bytes);
  };

  /** One answer of the app host that is not media. */
  readonly passed = (record: AppRecord): void => {
    this.passedCounted(record);
    const { method, path, upstream, status, bytes, address, totalMs, headMs, why, cut } = record;
    this.#access.info(
      {
        event: 'app',
        method,
        path,
        upstream,
        status,
        bytes,
        address,
        ms: Math.round(totalMs * 10) / 10,
        ...(headMs === undefined ? {} : { headMs: Math.round(headMs * 10) / 10 }),
        ...(why === undefined ? {} : { why }),
        ...(cut ? { cut } : {}),
      },
      'app',
    );
  };

  readonly passedCounted = ({ upstream, status }: AppRecord): void => {
    this.#metrics.passed(upstream, status);
  };

  readonly webSockets = (change: 1 | -1): void => {
    this.#metrics.appWebSockets.inc(change);
  };

  /** A line of the audit log: who had a media URL forgotten, or tried to. */
  readonly purged = ({ key, address, outcome }: PurgeRecord): void => {
    this.#metrics.purges.labels(outcome).inc();
    this.#access.info({ event: 'audit', operation: 'Purge', key, address, outcome }, 'purge');
  };

  readonly bucketTroubled = (trouble: BucketTrouble, error: unknown): void => {
    this.#metrics.bucketTroubled(trouble);
    this.#watchers.storeTroubled();
    this.#logger.debug({ event: 'bucket', trouble, error }, 'the bucket could not be asked');
  };

  readonly bucketNotExamined = (error: unknown): void => {
    this.#logger.warn({ event: 'bucket', error }, 'the bucket could not be examined');
  };

  readonly identityChanged = (state: IdentityState): void => {
    if (state === 'ours') this.#logger.info({ event: 'identity', state }, 'the bucket is the right one');
    else
      this.#logger.error({ event: 'identity', state }, 'the bucket is not known to be the right one: it is not used');
  };

  /** A new ledger took the bucket over from another one; undefined: from none. */
  readonly lossAccepted = (from: string | undefined): void => {
    const event = 'accept-loss';
    if (from === undefined)
      this.#logger.info({ event }, 'there was no loss to accept: --accept-loss is not needed, and is better left out');
    else
      this.#logger.warn(
        { event, from },
        'the bucket was taken over from another state: what was deleted or made private before is not known, and can come back from the sources',
      );
  };

  /** Why the bucket keeps the program from being ready, and what to do. */
  readonly bucketReasons = (
    state: IdentityState,
    binding: { bound: boolean; foreign: boolean; refused: Error | undefined },
  ): string[] => {
    if (binding.refused) return [binding.refused.message];
    if (binding.foreign)
      return [
        'the bucket belongs to another state directory, and this one is new: no source is used, since what was deleted is not known; ' +
          'restore state.dir (upstairs ledger restore), or accept the loss by the name of the bucket (upstairs serve --accept-loss BUCKET)',
      ];
    if (!binding.bound)
      return [
        'the state directory is new, and the bucket cannot be asked: no source is used before they were bound to each other',
      ];
    if (state === 'other')
      return ['the bucket belongs to another state directory: check bucket.name, bucket.endpoint and state.dir'];
    if (state === 'absent')
      return [
        'the bucket has lost its identity object, or it is another bucket: check bucket.name and bucket.endpoint',
      ];
    return state === 'unknown' ? ['the bucket cannot be asked'] : [];
  };

  readonly vanished = (key: string): void => {
    this.#metrics.vanished.inc();
    this.#logger.error({ event: 'vanished', key }, 'it was copied, and the bucket does not have it any more');
  };

  readonly sourceTroubled = (source: string, answer: SourceAnswer, key: string): void => {
    const kind = answer.kind === 'unavailable' ? answer.trouble : 'damaged';
    this.#metrics.sourceTroubled(source, kind);
    this.#watchers.sourceTroubled(source);
    const error = 'cause' in answer ? answer.cause : undefined;
    this.#logger.warn({ event: 'source', source, kind, key, error }, 'a source could not deliver');
  };

  readonly diskAbsent = (source: string, absences: readonly string[]): void => {
    this.#logger.error(
      { event: 'disk', source, absences },
      'a disk is not there: the program runs without it, and uses it once it appears',
    );
  };

  readonly diskAppeared = (source: string): void => {
    this.#logger.info({ event: 'disk', source }, 'a disk appeared, and is used from now on');
  };

  readonly copyEnded = (key: string, outcome: CopyOutcome, givenUp: boolean, bytes: number): void => {
    const reason = 'reason' in outcome ? outcome.reason : '';
    const type = givenUp ? 'refused' : outcome.type;
    this.#metrics.copyEnded(type, reason, bytes);
    this.#watchers.copyEnded(outcome, givenUp, bytes);
    const facts = { event: 'copy', key, outcome: type, bytes, ...(reason === '' ? {} : { reason }) };
    if (type === 'refused') this.#logger.warn(facts, 'a copy was given up');
    else this.#logger.debug(facts, 'a copy ended');
  };

  readonly copyAlarm = (key: string, alarm: 'mend-refused' | 'vanished'): void => {
    if (alarm === 'vanished') {
      this.vanished(key);
      return;
    }
    this.#metrics.mendsRefused.inc();
    this.#logger.error({ event: 'mend-refused', key }, 'the store refused to make an object agree with its mark');
  };

  /** The store keeps parts of which nothing will come, and bills them. It is told once, and asked again every minute. */
  readonly uploadNotAborted = ({ key, uploadId }: PartUpload, answer: MendAnswer): void => {
    this.#logger.warn({ event: 'upload-left', key, uploadId, answer }, 'an upload in parts could not be aborted yet');
  };

  readonly copyNotRecorded = (error: unknown): void => {
    this.#logger.error({ event: 'ledger', error }, 'a copy could not be carried out or recorded');
  };

  /** A request to the write host: a line for each key that it was to change, or for what it was refused. */
  readonly written = (record: WriteRecord): void => {
    this.writeCounted(record);
    const { caller, address, requestId, operation, key, status, code, outcomes } = record;
    const facts = { event: 'audit', caller, address, request: requestId, operation, status, ...(code && { code }) };
    for (const [changed, outcome] of outcomes) this.#access.info({ ...facts, key: changed, outcome }, 'write');
    const reading = operation !== undefined && readings.has(operation);
    if (outcomes.size === 0 && !(reading && status < 400)) this.#access.info({ ...facts, key }, 'write');
  };

  readonly writeCounted = ({ operation, status, outcomes, ms }: WriteRecord): void => {
    this.#metrics.written(operation ?? 'none', status, ms / 1000, outcomes.values());
    this.#watchers.written(status, outcomes.values());
  };

  readonly sourcesTakenOut = (names: readonly string[]): void => {
    this.#logger.warn(
      { event: 'marks', sources: names },
      'these sources are not in the configuration any more: what was deleted is remembered for good, should one be put in again',
    );
  };

  readonly sourcesRetired = (names: readonly string[]): void => {
    this.#logger.info(
      { event: 'retired', sources: names },
      'these sources are retired: they are not used, nor looked at (upstairs retire SOURCE --undo brings one back)',
    );
  };

  readonly sourceTurned = (source: string, inUse: boolean): void => {
    this.#logger.info(
      { event: 'retired', source, inUse },
      inUse ? 'a source was brought back, and is used from now on' : 'a source was retired: it is not used any more',
    );
  };

  readonly retiredUnknown = (error: unknown): void => {
    this.#logger.error(
      { event: 'retired', error },
      'it could not be looked up which sources are retired: that stays as it was',
    );
  };

  readonly useNotRecorded = (error: unknown): void => {
    this.#logger.error({ event: 'ledger', error }, 'it could not be recorded who was answered by which source');
  };

  readonly sweepFailed = (error: unknown): void => {
    this.#logger.error({ event: 'marks', error }, 'settled marks could not be looked through');
  };
}

/** Reads are in the audit log only when they are refused. */
const readings: ReadonlySet<OperationName> = new Set([
  'GetObject',
  'HeadObject',
  'GetObjectAcl',
  'ListObjects',
  'ListObjectsV2',
  'ListParts',
  'ListMultipartUploads',
  'HeadBucket',
  'GetBucketLocation',
]);

import type { Logger } from 'pino';
import type { BucketTrouble } from '../bucket/bucket.ts';
import type { IdentityState } from '../bucket/identity.ts';
import type { Outcome } from '../copy/protocol-state.ts';
import type { AccessRecord } from '../http/access-log.ts';
import type { SourceAnswer } from '../sources/source.ts';
import type { Metrics } from './metrics.ts';

/** What happens, told once: as a line of the log, and as a number of the metrics. Its methods are bound. */
export class Reporter {
  readonly #logger: Logger;
  readonly #access: Logger;
  readonly #metrics: Metrics;

  constructor(logger: Logger, access: Logger, metrics: Metrics) {
    this.#logger = logger;
    this.#access = access;
    this.#metrics = metrics;
  }

  readonly listening = (listener: 'read' | 'admin', port: number): void => {
    this.#logger.info({ event: 'listening', listener, port }, 'listening');
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
  };

  readonly bucketTroubled = (trouble: BucketTrouble, error: unknown): void => {
    this.#metrics.bucketTroubled(trouble);
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

  /** Why the bucket keeps the program from being ready, and what to do. */
  readonly bucketReasons = (
    state: IdentityState,
    binding: { bound: boolean; foreign: boolean; refused: Error | undefined },
  ): string[] => {
    if (binding.refused) return [binding.refused.message];
    if (binding.foreign)
      return [
        'the bucket belongs to another state directory, and this one is new: no source is used, since what was deleted is not known; ' +
          'restore state.dir, or remove _upstairs/identity from the bucket to accept the loss',
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
    const error = 'cause' in answer ? answer.cause : undefined;
    this.#logger.warn({ event: 'source', source, kind, key, error }, 'a source could not deliver');
  };

  readonly copyEnded = (key: string, outcome: Outcome, givenUp: boolean, bytes: number): void => {
    const reason = 'reason' in outcome ? outcome.reason : '';
    const type = givenUp ? 'refused' : outcome.type;
    this.#metrics.copyEnded(type, reason, bytes);
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

  readonly copyNotRecorded = (error: unknown): void => {
    this.#logger.error({ event: 'ledger', error }, 'a copy could not be carried out or recorded');
  };
}

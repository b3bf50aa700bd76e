import type { Logger } from 'pino';
import type { Standing } from '../backfill/orders.ts';
import type { ScanEnd } from '../backfill/periodic-scans.ts';
import type { RestReason } from '../backfill/source-rest.ts';
import type { Listing } from '../ledger/objects.ts';
import type { Metrics } from './metrics.ts';

/** What happens to the rest that nobody asks for: orders, scans, listings and the backfill. Its methods are bound. */
export class RestReporter {
  readonly #logger: Logger;
  readonly #access: Logger;
  readonly #metrics: Metrics;

  constructor(logger: Logger, access: Logger, metrics: Metrics) {
    this.#logger = logger;
    this.#access = access;
    this.#metrics = metrics;
  }

  /** A line of the audit log: an order to the backfill, or what was done about failures, through the admin listener. */
  readonly ordered = (order: string, facts: { readonly keys?: number; readonly key?: string } = {}): void => {
    this.#access.info({ event: 'audit', operation: 'Order', order, ...facts }, 'order');
  };

  readonly orderFailed = (error: unknown): void => {
    this.#logger.error({ event: 'admin', error }, 'an order could not be carried out');
  };

  readonly notAnswered = (error: unknown): void => {
    this.#logger.error({ event: 'admin', error }, 'a question to the admin listener could not be answered');
  };

  /** What the operator wants of the backfill, at the start and whenever it changes. */
  readonly backfillStanding = ({ run, by, bytesPerSecond, objectsPerSecond }: Standing): void => {
    const limits = { ...(bytesPerSecond && { bytesPerSecond }), ...(objectsPerSecond && { objectsPerSecond }) };
    this.#logger.info(
      { event: 'backfill', run, by, ...limits },
      run === 'running' ? 'backfill begins' : 'backfill paused',
    );
  };

  readonly backfillPlanned = (files: number, bytes: number): void => {
    this.#logger.info({ event: 'backfill', files, bytes }, 'a plan of what to carry up was made');
  };

  readonly backfillSourcePaused = (source: string, why: RestReason, untilMs: number): void => {
    this.#metrics.backfillSourcePauses.labels(source, why).inc();
    const until = new Date(untilMs).toISOString();
    this.#logger.error(
      { event: 'backfill', source, why, until },
      'a source could not deliver too many times in a row: the backfill leaves it alone for a time',
    );
  };

  readonly backfillDone = ({ files, bytes }: { files: number; bytes: number }): void => {
    this.#logger.info({ event: 'backfill', files, bytes }, 'backfill is through: nothing is left in the plan');
  };

  readonly backfillCopied = (source: string, bytes: number): void => {
    this.#metrics.backfillFiles.labels(source).inc();
    this.#metrics.backfillBytes.labels(source).inc(bytes);
  };

  readonly backfillFailed = (error: unknown): void => {
    this.#logger.error({ event: 'backfill', error }, 'the backfill could not go on, and tries again');
  };

  readonly scanBegan = (source: string): void => {
    this.#logger.info({ event: 'scan', source }, 'scan of a source begins');
  };

  readonly scanEnded = (source: string, end: ScanEnd): void => {
    const { whole, why, record, busy = false } = end;
    this.#metrics.scans.labels(source, whole ? 'whole' : busy ? 'busy' : 'broken').inc();
    const { files, bytes, added, changed, vanished, findings } = record ?? {};
    const facts = { event: 'scan', source, whole, files, bytes, added, changed, vanished, findings };
    if (whole) this.#logger.info(facts, 'scan of a source ended');
    else this.#logger.warn({ ...facts, why }, 'scan of a source did not come to its end');
  };

  readonly scansFailed = (error: unknown): void => {
    this.#logger.error({ event: 'scan', error }, 'it could not be told which source is to be scanned next');
  };

  readonly filesPutAside = (error: unknown): void => {
    this.#logger.error(
      { event: 'files', error },
      'files.db cannot be used and was put aside, with the history of the move: scan the sources, list the bucket and import logs again',
    );
  };

  readonly heatNotRecorded = (error: unknown): void => {
    this.#logger.warn({ event: 'heat', error }, 'what was asked for could not be written down: it is tried again');
  };

  readonly historyNotRecorded = (error: unknown): void => {
    this.#logger.warn(
      { event: 'history', error },
      'how the move goes could not be written down: it is tried again with the next sample',
    );
  };

  readonly inventoryBegan = (): void => {
    this.#logger.info({ event: 'inventory' }, 'listing the bucket');
  };

  readonly inventoryProgress = ({ objects, bytes }: Pick<Listing, 'objects' | 'bytes'>): void => {
    this.#logger.info({ event: 'inventory', objects, bytes }, 'the bucket is being listed');
  };

  readonly inventoryEnded = ({ objects, bytes, beganMs, endedMs = beganMs }: Listing): void => {
    this.#logger.info({ event: 'inventory', objects, bytes, ms: endedMs - beganMs }, 'the bucket was listed');
  };

  readonly inventoryFailed = (error: unknown): void => {
    this.#metrics.inventoryFailures.inc();
    this.#logger.warn({ event: 'inventory', error }, 'the bucket could not be listed: it goes on later');
  };

  readonly inventoryTroubled = (error: Error): void => {
    this.#metrics.inventoryTroubles.inc();
    this.#logger.debug({ event: 'inventory', error }, 'a page of the listing is asked for again');
  };
}

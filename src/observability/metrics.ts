import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { BucketTrouble } from '../bucket/bucket.ts';
import type { ListenerName } from '../config/listeners.ts';
import type { MutationResult } from '../gateway/mutations.ts';
import type { OperationName } from '../gateway/operation.ts';
import type { UpstreamName } from '../http/app-target.ts';
import type { CopyReason } from '../ledger/ledger.ts';
import type { SourceTrouble } from '../sources/source.ts';
import { type CopyEnd, labelValues, type StatusClass, type StoreCaller } from './label-values.ts';
import { LiveGauges } from './live-gauges.ts';
import { liveMetrics } from './live-metrics.ts';
import type { Readings } from './readings.ts';
import { restMetrics } from './rest-metrics.ts';

const mutationResults: ReadonlySet<string> = new Set<MutationResult>(labelValues.mutation);

function isMutationResult(outcome: string): outcome is MutationResult {
  return mutationResults.has(outcome);
}

/** How long one look may take at a scrape, in milliseconds: much less than the 10 s that Prometheus waits for the whole page. */
const lookMs = 2000;

/** Every metric there is. Labels are closed sets: tiers, source names, kinds; never a key. Their units are in names and helps. */
export class Metrics {
  readonly registry = new Registry();
  readonly requests = this.#counter('requests_total', 'Answers to readers, by who had the object; none: nobody', [
    'tier',
    'status',
  ]);
  readonly responseBytes = this.#counter('response_bytes_total', 'Bytes of bodies sent to readers', ['tier']);
  readonly requestSeconds = this.#histogram(
    'request_duration_seconds',
    'Seconds from the request of a reader to the first byte of its answer',
    ['tier'],
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  );
  readonly purges = this.#counter('purges_total', 'Purges that were asked for', ['outcome']);
  readonly copies = this.#counter('copies_total', 'Turns of copies, by how they ended; refused: given up', [
    'outcome',
    'reason',
  ]);
  readonly copiedBytes = this.#counter('copied_bytes_total', 'Bytes uploaded and confirmed', []);
  readonly copyRequestsTurnedAway = this.#counter(
    'copy_requests_turned_away_total',
    'Requests for copies for which the queue had no room',
    [],
  );
  readonly sourceErrors = this.#counter(
    'source_errors_total',
    'Objects that a source could not deliver; damaged: it is there, and cannot be read',
    ['source', 'kind'],
  );
  readonly sourceSeconds = this.#histogram(
    'source_operation_duration_seconds',
    'Seconds that an operation on a disk took, or until another machine began its answer; waiting in a queue of Upstairs is not in it',
    ['source'],
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  );
  readonly bucketErrors = this.#counter('bucket_errors_total', 'Reads for which the bucket could not be asked', [
    'kind',
  ]);
  readonly storeRequests = this.#counter(
    'store_requests_total',
    'Requests to the store of copies (looks and mends among them) and of the write host',
    ['by'],
  );
  readonly storeErrors = this.#counter('store_errors_total', 'Of these requests, such that failed', ['by', 'kind']);
  readonly writes = this.#counter('writes_total', 'Requests to the write host', ['operation', 'status']);
  readonly writeSeconds = this.#histogram(
    'write_duration_seconds',
    'Seconds from a request to the write host to its answer',
    ['operation'],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  );
  readonly mutations = this.#counter('mutations_total', 'Keys that a client changed, by what became of that', [
    'outcome',
  ]);
  readonly appRequests = this.#counter('app_requests_total', 'Answers of the app host that are not media', [
    'upstream',
    'status',
  ]);
  readonly appWebSockets = this.#gauge('app_websockets', 'WebSockets that are open on the app host', []);
  readonly vanished = this.#counter('vanished_total', 'Reads of objects that were copied and that the bucket lost', []);
  readonly scans = this.#counter('scans_total', 'Scans of sources that serve began, by how they came out', [
    'source',
    'outcome',
  ]);
  readonly mendsRefused = this.#counter(
    'mends_refused_total',
    'Deletes and ACL changes of our own that the store refused',
    [],
  );

  readonly inventoryFailures = this.#counter(
    'inventory_failures_total',
    'Listings of the bucket that did not come to their end; the next one goes on where it stopped',
    [],
  );
  readonly inventoryTroubles = this.#counter(
    'inventory_troubles_total',
    'Requests for a page of the listing that failed and were sent again',
    [],
  );

  readonly backfillFiles = this.#counter('backfill_copied_files_total', 'Files that the backfill copied', ['source']);
  readonly backfillBytes = this.#counter('backfill_copied_bytes_total', 'Bytes that the backfill copied', ['source']);
  readonly backfillSourcePauses = this.#counter(
    'backfill_source_pauses_total',
    'Times that the backfill left a source alone, after too many errors in a row',
    ['source', 'reason'],
  );
  readonly readingFailures = this.#counter(
    'reading_failures_total',
    'Looks at the moment of a scrape that failed or were late: their gauges were left out of that scrape',
    ['reading'],
  );

  readonly #live = new LiveGauges({ registry: this.registry, deadlineMs: lookMs });
  readonly #certificateEnds = new Map<ListenerName, number>();
  #readingFailed: (reading: string, error: unknown) => void = () => undefined;

  /** Facts that never change while the process runs. */
  constructor(facts: { version: string; node: string; configFingerprint: string; phase: string }) {
    collectDefaultMetrics({ register: this.registry });
    this.#gauge('build_info', 'Version of the program and of Node', ['version', 'node'])
      .labels(facts.version, facts.node)
      .set(1);
    this.#gauge('config_info', 'Fingerprint of the configuration without secrets, and the phase', [
      'fingerprint',
      'phase',
    ])
      .labels(facts.configFingerprint, facts.phase)
      .set(1);
  }

  /** Registers what is read at each scrape. */
  observe(readings: Readings, failed: (reading: string, error: unknown) => void = () => undefined): void {
    this.#readingFailed = failed;
    liveMetrics(this.#live, readings, this.#certificateEnds);
    restMetrics(this.#live, readings);
    for (const look of this.#live.looks) this.readingFailures.labels(look).inc(0);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** The page of `/metrics`. It always comes: what cannot be read is left out and counted. */
  async metrics(): Promise<string> {
    const without = await this.#live.look((look, error) => this.#failed(look, error));
    const names = this.registry.getMetricsAsArray() as unknown as { name: string }[];
    const shown = names.filter(({ name }) => !without.has(name));
    const texts = await Promise.all(
      shown.map(async ({ name }) => {
        try {
          return await this.registry.getSingleMetricAsString(name);
        } catch (error) {
          this.#failed('process', error);
          return '';
        }
      }),
    );
    return `${texts.filter(Boolean).join('\n\n')}\n`;
  }

  #failed(reading: string, error: unknown): void {
    this.readingFailures.labels(reading).inc();
    this.#readingFailed(reading, error);
  }

  /** In milliseconds since 1970. */
  certificateEnds(listener: ListenerName, endsMs: number): void {
    this.#certificateEnds.set(listener, endsMs);
  }

  answered(tier: string, status: number, bytes: number, firstByteSeconds: number): void {
    this.requests.labels(tier, classOf(status)).inc();
    this.responseBytes.labels(tier).inc(bytes);
    this.requestSeconds.labels(tier).observe(firstByteSeconds);
  }

  passed(upstream: UpstreamName | 'none', status: number): void {
    this.appRequests.labels(upstream, classOf(status)).inc();
  }

  written(operation: OperationName | 'none', status: number, seconds: number, outcomes: Iterable<string>): void {
    this.writes.labels(operation, classOf(status)).inc();
    this.writeSeconds.labels(operation).observe(seconds);
    for (const outcome of outcomes) if (isMutationResult(outcome)) this.mutations.labels(outcome).inc();
  }

  copyEnded(outcome: CopyEnd, reason: CopyReason | '', bytes: number): void {
    this.copies.labels(outcome, reason).inc();
    this.copiedBytes.inc(bytes);
  }

  sourceTroubled(source: string, kind: SourceTrouble | 'damaged'): void {
    this.sourceErrors.labels(source, kind).inc();
  }

  /** To be told what each operation on this source took, in milliseconds. */
  sourceTook(source: string): (ms: number) => void {
    const histogram = this.sourceSeconds.labels(source);
    return (ms) => histogram.observe(ms / 1000);
  }

  bucketTroubled(kind: BucketTrouble): void {
    this.bucketErrors.labels(kind).inc();
  }

  /** To be told of the end of each request to the store: what went wrong, or undefined. */
  storeAnswered(by: StoreCaller): (trouble: BucketTrouble | undefined) => void {
    return (trouble) => {
      this.storeRequests.labels(by).inc();
      if (trouble !== undefined) this.storeErrors.labels(by, trouble).inc();
    };
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name: `upstairs_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name: `upstairs_${name}`, help, labelNames, registers: [this.registry] });
  }

  #histogram<L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]): Histogram<L> {
    return new Histogram({ name: `upstairs_${name}`, help, labelNames, buckets, registers: [this.registry] });
  }
}

function classOf(status: number): StatusClass {
  return `${Math.floor(status / 100)}xx` as StatusClass;
}

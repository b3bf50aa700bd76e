import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { BucketTrouble } from '../bucket/bucket.ts';
import type { IdentityState } from '../bucket/identity.ts';
import type { ListenerName } from '../config/listeners.ts';
import type { MutationResult } from '../gateway/mutations.ts';
import type { OperationName } from '../gateway/operation.ts';
import type { UpstreamName } from '../http/app-target.ts';
import type { CopyReason } from '../ledger/ledger.ts';
import type { SourceTrouble } from '../sources/source.ts';
import type { Readings } from './readings.ts';
import { readRest } from './rest-metrics.ts';

export type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx';

const mutationResults: ReadonlySet<string> = new Set<MutationResult>([
  'done',
  'refused',
  'unknown',
  'busy',
  'recorded',
]);

function isMutationResult(outcome: string): outcome is MutationResult {
  return mutationResults.has(outcome);
}

const identities: IdentityState[] = ['ours', 'absent', 'other', 'unknown'];

/** Every metric there is. Labels are closed sets: tiers, source names, kinds; never a key. */
export class Metrics {
  readonly registry = new Registry();
  readonly requests = this.#counter('requests_total', 'Answers to readers', ['tier', 'status']);
  readonly responseBytes = this.#counter('response_bytes_total', 'Body bytes sent to readers', ['tier']);
  readonly requestSeconds = new Histogram({
    name: 'upstairs_request_duration_seconds',
    help: 'Time from a request to its first byte of answer',
    labelNames: ['tier'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  });
  readonly purges = this.#counter('purges_total', 'Purges that were asked for', ['outcome']);
  readonly copies = this.#counter('copies_total', 'How turns of copies ended', ['outcome', 'reason']);
  readonly copiedBytes = this.#counter('copied_bytes_total', 'Bytes uploaded and confirmed', []);
  readonly copyRequestsTurnedAway = this.#counter(
    'copy_requests_turned_away_total',
    'Requests for copies without room',
    [],
  );
  readonly sourceErrors = this.#counter('source_errors_total', 'What sources could not do', ['source', 'kind']);
  readonly bucketErrors = this.#counter('bucket_errors_total', 'Reads that the bucket could not be asked', ['kind']);
  readonly writes = this.#counter('writes_total', 'Requests to the write host', ['operation', 'status']);
  readonly writeSeconds = new Histogram({
    name: 'upstairs_write_duration_seconds',
    help: 'Time from a request to the write host to its answer',
    labelNames: ['operation'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.registry],
  });
  readonly mutations = this.#counter('mutations_total', 'What became of each key that a client changed', ['outcome']);
  readonly appRequests = this.#counter('app_requests_total', "The app host's answers that are not media", [
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

  readonly backfillFiles = this.#counter('backfill_copied_files_total', 'Copies of the backfill', ['source']);
  readonly backfillBytes = this.#counter('backfill_copied_bytes_total', 'Their bytes', ['source']);
  readonly backfillSourcePauses = this.#counter(
    'backfill_source_pauses_total',
    'Times that the backfill left a source alone, after too many errors in a row',
    ['source', 'reason'],
  );

  readonly #certificateEnds = new Map<ListenerName, number>();

  /** Facts that never change while the process runs. */
  constructor(facts: { version: string; node: string; configFingerprint: string; phase: string }) {
    collectDefaultMetrics({ register: this.registry });
    this.#gauge('build_info', 'Version of the program and of Node', ['version', 'node'])
      .labels(facts.version, facts.node)
      .set(1);
    this.#gauge('config_info', 'Fingerprint of the configuration without secrets', ['fingerprint', 'phase'])
      .labels(facts.configFingerprint, facts.phase)
      .set(1);
  }

  /** Registers what is read at each scrape. */
  observe(readings: Readings): void {
    this.#reading('cache_bytes', 'Bytes in the edge cache', [], (g) => g.set(readings.cache().bytes));
    this.#reading('cache_objects', 'Objects in the edge cache', [], (g) => g.set(readings.cache().objects));
    this.#reading('spool_bytes', 'Bytes reserved for bodies under way', ['place'], (g) => {
      g.labels('memory').set(readings.spool().memory);
      g.labels('disk').set(readings.spool().disk);
    });
    this.#reading('disk_operations', 'Operations under way on a disk', ['source', 'state'], (g) => {
      for (const { source, outstanding, stuck } of readings.disks()) {
        g.labels(source, 'outstanding').set(outstanding);
        g.labels(source, 'stuck').set(stuck);
      }
    });
    this.#reading('remote_requests', 'Requests to a source on another machine', ['source', 'state'], (g) => {
      for (const { source, outstanding, waiting } of readings.remotes()) {
        g.labels(source, 'outstanding').set(outstanding);
        g.labels(source, 'waiting').set(waiting);
      }
    });
    this.#reading('remote_asked', '0: a source on another machine failed lately and is left alone', ['source'], (g) => {
      for (const { source, asked } of readings.remotes()) g.labels(source).set(asked ? 1 : 0);
    });
    this.#reading('source_in_use', '0: a source that was retired', ['source'], (g) => {
      for (const { source, inUse } of readings.sourcesInUse()) g.labels(source).set(inUse ? 1 : 0);
    });
    this.#reading('copies_active', 'Copies and looks under way', [], (g) => g.set(readings.copiesActive()));
    this.#reading('bucket_identity', 'What the last look at the identity object found', ['state'], (g) => {
      for (const state of identities) g.labels(state).set(readings.identity() === state ? 1 : 0);
    });
    this.#reading('ledger_keys', 'Keys in the ledger; wanted is the queue', ['status'], async (g) => {
      const { byStatus } = await readings.ledger();
      for (const status of ['wanted', 'copied', 'superseded', 'refused'] as const)
        g.labels(status).set(byStatus[status]);
    });
    this.#reading('copy_queue_oldest_seconds', 'Age of the oldest request for a copy', [], async (g) => {
      const { oldestWantedMs } = await readings.ledger();
      g.set(oldestWantedMs === undefined ? 0 : Math.max(0, (readings.now() - oldestWantedMs) / 1000));
    });
    this.#reading('copy_attempts_open', 'Uploads whose outcome is not settled', [], async (g) =>
      g.set((await readings.ledger()).openAttempts),
    );
    this.#reading('intents_open', "Clients' mutations whose outcome is not settled", [], async (g) =>
      g.set(await readings.openIntents()),
    );
    this.#reading('certificate_remaining_seconds', 'Time until a certificate ends', ['listener'], (g) => {
      for (const [listener, endsMs] of this.#certificateEnds) g.labels(listener).set((endsMs - readings.now()) / 1000);
    });
    readRest((name, help, labels, read) => this.#reading(name, help, labels, read), readings);
    this.#reading('copy_looks_due', 'Looks that are due', [], async (g) => g.set((await readings.ledger()).looksDue));
  }

  /** In milliseconds since 1970. */
  certificateEnds(listener: ListenerName, endsMs: number): void {
    this.#certificateEnds.set(listener, endsMs);
  }

  answered(tier: string, status: number, bytes: number, firstByteSeconds: number): void {
    const statusClass = `${Math.floor(status / 100)}xx` as StatusClass;
    this.requests.labels(tier, statusClass).inc();
    this.responseBytes.labels(tier).inc(bytes);
    this.requestSeconds.labels(tier).observe(firstByteSeconds);
  }

  passed(upstream: UpstreamName | 'none', status: number): void {
    this.appRequests.labels(upstream, `${Math.floor(status / 100)}xx` as StatusClass).inc();
  }

  written(operation: OperationName | 'none', status: number, seconds: number, outcomes: Iterable<string>): void {
    this.writes.labels(operation, `${Math.floor(status / 100)}xx` as StatusClass).inc();
    this.writeSeconds.labels(operation).observe(seconds);
    for (const outcome of outcomes) if (isMutationResult(outcome)) this.mutations.labels(outcome).inc();
  }

  copyEnded(
    outcome: 'copied' | 'superseded' | 'dropped' | 'looked' | 'later' | 'refused',
    reason: CopyReason | '',
    bytes: number,
  ): void {
    this.copies.labels(outcome, reason).inc();
    this.copiedBytes.inc(bytes);
  }

  sourceTroubled(source: string, kind: SourceTrouble | 'damaged'): void {
    this.sourceErrors.labels(source, kind).inc();
  }

  bucketTroubled(kind: BucketTrouble): void {
    this.bucketErrors.labels(kind).inc();
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name: `upstairs_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name: `upstairs_${name}`, help, labelNames, registers: [this.registry] });
  }

  #reading<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: (gauge: Gauge<L>) => unknown,
  ): void {
    new Gauge({
      name: `upstairs_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      async collect() {
        await read(this);
      },
    });
  }
}

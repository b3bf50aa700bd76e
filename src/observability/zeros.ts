import { labelValues } from './label-values.ts';
import type { Metrics } from './metrics.ts';

/** What the configuration decides about labels. */
export interface Expected {
  /** Names of all sources. */
  readonly sources: readonly string[];
  readonly writeHost: boolean;
}

/**
 * Begins at 0 what could be counted. A counter that appears with its first event has no increase that Prometheus could see, so that the
 * first vanished key, the first damaged file would alarm nobody.
 */
export function beginAtZero(metrics: Metrics, { sources, writeHost }: Expected): void {
  const { status, copyOutcome, copyReason, bucketKind, sourceKind, storeKind, pauseReason, scanOutcome } = labelValues;
  for (const tier of ['cache', 'bucket', ...sources, 'none']) {
    for (const each of status) if (each !== '1xx') metrics.requests.labels(tier, each).inc(0);
    metrics.responseBytes.labels(tier).inc(0);
    metrics.requestSeconds.zero({ tier });
  }
  for (const outcome of copyOutcome) {
    const reasons = outcome === 'later' || outcome === 'refused' ? copyReason : [''];
    for (const reason of reasons) metrics.copies.labels(outcome, reason).inc(0);
  }
  for (const kind of bucketKind) metrics.bucketErrors.labels(kind).inc(0);
  for (const by of labelValues.by) {
    if (by === 'write-host' && !writeHost) continue;
    metrics.storeRequests.labels(by).inc(0);
    for (const kind of storeKind) metrics.storeErrors.labels(by, kind).inc(0);
  }
  for (const outcome of labelValues.purge) metrics.purges.labels(outcome).inc(0);
  for (const source of sources) {
    for (const kind of sourceKind) metrics.sourceErrors.labels(source, kind).inc(0);
    for (const reason of pauseReason) metrics.backfillSourcePauses.labels(source, reason).inc(0);
    for (const outcome of scanOutcome) metrics.scans.labels(source, outcome).inc(0);
    metrics.backfillFiles.labels(source).inc(0);
    metrics.backfillBytes.labels(source).inc(0);
    metrics.sourceSeconds.zero({ source });
  }
  if (!writeHost) return;
  for (const outcome of labelValues.mutation) metrics.mutations.labels(outcome).inc(0);
  for (const operation of [...labelValues.operation, 'none'])
    for (const each of ['2xx', '4xx', '5xx']) metrics.writes.labels(operation, each).inc(0);
}

import type { Amount, Sample, SourceSample } from '../history/history.ts';

/** A sample as `files.db` has it; see `history-schema.ts`. */
export interface HistoryRow {
  readonly id: number;
  readonly end_ms: number;
  readonly span_ms: number;
  readonly copied_files: number;
  readonly copied_bytes: number;
  readonly failed: number;
  readonly store_errors: number;
  readonly above_files: number | null;
  readonly above_bytes: number | null;
  readonly below_files: number | null;
  readonly below_bytes: number | null;
  readonly answered: string;
  readonly sources: string;
}

type SharesText = readonly (readonly [tier: string, requests: number, bytes: number])[];
type SourcesText = readonly (readonly [source: string, errors: number, latencyMs: number | null])[];

export function rowOf(sample: Sample): Omit<HistoryRow, 'id'> {
  const { endMs, spanMs, answered, copied, failed, storeErrors, sources, above, below } = sample;
  const shares: SharesText = answered.map(({ tier, requests, bytes }) => [tier, requests, bytes]);
  const ofSources: SourcesText = sources.map(({ source, errors, latencyMs }) => [source, errors, latencyMs ?? null]);
  return {
    end_ms: endMs,
    span_ms: spanMs,
    copied_files: copied.files,
    copied_bytes: copied.bytes,
    failed,
    store_errors: storeErrors,
    above_files: above?.files ?? null,
    above_bytes: above?.bytes ?? null,
    below_files: below?.files ?? null,
    below_bytes: below?.bytes ?? null,
    answered: JSON.stringify(shares),
    sources: JSON.stringify(ofSources),
  };
}

export function sampleIn(row: HistoryRow): Sample {
  return {
    endMs: row.end_ms,
    spanMs: row.span_ms,
    answered: (JSON.parse(row.answered) as SharesText).map(([tier, requests, bytes]) => ({ tier, requests, bytes })),
    copied: { files: row.copied_files, bytes: row.copied_bytes },
    failed: row.failed,
    storeErrors: row.store_errors,
    sources: (JSON.parse(row.sources) as SourcesText).map(
      ([source, errors, latencyMs]): SourceSample => ({ source, latencyMs: latencyMs ?? undefined, errors }),
    ),
    above: amountIn(row.above_files, row.above_bytes),
    below: amountIn(row.below_files, row.below_bytes),
  };
}

function amountIn(files: number | null, bytes: number | null): Amount | undefined {
  return files === null || bytes === null ? undefined : { files, bytes };
}

import type { Gauge } from 'prom-client';
import type { ScanRecord } from '../ledger/files.ts';
import type { Readings } from './readings.ts';

/** Defines a gauge that is read when it is asked for. */
type Define = <L extends string>(
  name: string,
  help: string,
  labels: readonly L[],
  read: (gauge: Gauge<L>) => unknown,
) => void;

/** The numbers of the rest that nobody asks for: what the disks and the bucket hold, and how the backfill gets on. */
export function readRest(reading: Define, { inventory, scans, backfill }: Readings): void {
  const scan = (name: string, help: string, value: (scan: ScanRecord) => number) =>
    reading(`scan_${name}`, help, ['source'], async (g) => {
      for (const scan of await scans()) g.labels(scan.source).set(value(scan));
    });
  reading('inventory_ended_timestamp_seconds', 'When a listing of the bucket last ended; 0: none has', [], async (g) =>
    g.set(((await inventory())?.endedMs ?? 0) / 1000),
  );
  reading('inventory_objects', 'Objects in the bucket, as that listing told', [], async (g) =>
    g.set((await inventory())?.objects ?? 0),
  );
  reading('inventory_bytes', 'Their bytes', [], async (g) => g.set((await inventory())?.bytes ?? 0));
  scan('end_timestamp_seconds', 'When the last whole scan of a source ended', ({ endedMs }) => (endedMs ?? 0) / 1000);
  scan('files', 'Files that a source has, by its last whole scan', ({ files }) => files);
  scan('bytes', 'What they amount to', ({ bytes }) => bytes);
  scan('findings', 'What cannot move or be looked at, by the same', ({ findings }) => findings);
  reading('backfill_running', '0: paused, by the configuration, by hand or by the timetable', [], async (g) =>
    g.set((await backfill())?.standing.run === 'running' ? 1 : 0),
  );
  reading('backfill_waiting_files', 'Files that wait in the second lane of copies', [], async (g) =>
    g.set((await backfill())?.waiting ?? 0),
  );
  reading('backfill_left_files', 'Files left in the plan', ['source'], async (g) => {
    for (const { source, files } of (await backfill())?.left?.bySource ?? []) g.labels(source).set(files);
  });
  reading('backfill_left_bytes', 'Their bytes', ['source'], async (g) => {
    for (const { source, bytes } of (await backfill())?.left?.bySource ?? []) g.labels(source).set(bytes);
  });
  reading('backfill_concurrency', 'Copies at once that a source bears; 0: left alone', ['source'], async (g) => {
    for (const { source, concurrency } of (await backfill())?.sources ?? []) g.labels(source).set(concurrency);
  });
  reading('backfill_source_p90_seconds', 'What 9 of 10 operations took no longer than', ['source'], async (g) => {
    for (const { source, p90Ms } of (await backfill())?.sources ?? [])
      if (p90Ms !== undefined) g.labels(source).set(p90Ms / 1000);
  });
}

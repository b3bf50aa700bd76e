import type { ScanRecord } from '../ledger/files.ts';
import { labelValues } from './label-values.ts';
import type { LiveGauges, Reading } from './live-gauges.ts';
import type { Readings } from './readings.ts';

/** The numbers of the rest that nobody asks for: what disks and bucket hold, how the backfill gets on, and what is proven. */
export function restMetrics(live: LiveGauges, readings: Readings): void {
  const { inventory, scans, intervals, proofs, backfill } = readings;
  live.group('inventory', async () => await inventory())(
    'inventory_ended_timestamp_seconds',
    'When a listing of the bucket last ended, in seconds since 1970; 0: none has',
    [],
    (last) => [[(last?.endedMs ?? 0) / 1000]],
  )('inventory_objects', 'Objects in the bucket, as that listing told', [], (last) => [[last?.objects ?? 0]])(
    'inventory_bytes',
    'Bytes in the bucket, as that listing told',
    [],
    (last) => [[last?.bytes ?? 0]],
  );
  const ofScan = (value: (scan: ScanRecord) => number) => (all: readonly ScanRecord[]) =>
    all.map((scan): Reading => [value(scan), scan.source]);
  live.group('scans', () => scans())(
    'scan_end_timestamp_seconds',
    'When the last whole scan of a source ended, in seconds since 1970',
    ['source'],
    ofScan(({ endedMs }) => (endedMs ?? 0) / 1000),
  )(
    'scan_files',
    'Files that a source has, by its last whole scan',
    ['source'],
    ofScan(({ files }) => files),
  )(
    'scan_bytes',
    'Bytes that a source has, by its last whole scan',
    ['source'],
    ofScan(({ bytes }) => bytes),
  )(
    'scan_findings',
    'What a source has that cannot move or be looked at, by its last whole scan',
    ['source'],
    ofScan(({ findings }) => findings),
  );
  live.group('intervals', () => intervals())(
    'scan_interval_seconds',
    'Seconds between two scans of a disk that this program begins by itself; none: it does not',
    ['source'],
    ({ scanMs, disks }) => (scanMs === undefined ? [] : disks.map((disk): Reading => [scanMs / 1000, disk])),
  )(
    'inventory_interval_seconds',
    'Seconds between two listings of the bucket that this program begins by itself; none: it does not',
    [],
    ({ listMs }) => (listMs === undefined ? [] : [[listMs / 1000]]),
  );
  live.group('proofs', () => proofs())(
    'source_quiet_seconds',
    'Seconds that Upstairs ran without a reader who needed the source',
    ['source'],
    (all) => all.flatMap(({ source, use }): Reading[] => (use ? [[use.quietMs / 1000, source]] : [])),
  )(
    'verify_end_timestamp_seconds',
    'When the verification of a source that counts ended, in seconds since 1970; 0: there is none',
    ['source'],
    (all) => all.map(({ source, verification }) => [(verification?.endedMs ?? 0) / 1000, source]),
  )('verify_clean', '1: that verification was clean: all below is in the bucket and equal', ['source'], (all) =>
    all.map(({ source, verification }) => [verification?.clean ? 1 : 0, source]),
  );
  live.group('backfill', () => backfill())(
    'backfill_running',
    '1: it runs; 0: paused, by the configuration, by hand or by the timetable',
    [],
    (facts) => [[facts?.standing.run === 'running' ? 1 : 0]],
  )('backfill_state', 'What the backfill does now: 1 at that state', ['state'], (facts) =>
    labelValues.backfillState.map((state) => [facts?.state === state ? 1 : 0, state]),
  )('backfill_waiting_files', 'Files that wait in the second lane of copies', [], (facts) => [[facts?.waiting ?? 0]])(
    'backfill_left_files',
    'Files left in the plan',
    ['source'],
    (facts) => (facts?.left?.bySource ?? []).map(({ source, files }) => [files, source]),
  )('backfill_left_bytes', 'Bytes left in the plan', ['source'], (facts) =>
    (facts?.left?.bySource ?? []).map(({ source, bytes }) => [bytes, source]),
  )(
    'backfill_eta_seconds',
    'Seconds until the plan is through, if it goes on as in the last ten minutes; none: that cannot be told',
    [],
    (facts) => (facts?.eta ? [[facts.eta.ms / 1000]] : []),
  )('backfill_concurrency', 'Copies at once that a source bears; 0: left alone', ['source'], (facts) =>
    (facts?.sources ?? []).map(({ source, concurrency }) => [concurrency, source]),
  )(
    'backfill_source_resting',
    '1: the backfill leaves this source alone for a time, after too many errors in a row',
    ['source'],
    (facts) => (facts?.sources ?? []).map(({ source, pausedUntilMs }) => [pausedUntilMs === undefined ? 0 : 1, source]),
  )(
    'backfill_source_p90_seconds',
    'Seconds that 9 of 10 operations on a source took no longer than, in its last second',
    ['source'],
    (facts) =>
      (facts?.sources ?? []).flatMap(({ source, p90Ms }): Reading[] =>
        p90Ms === undefined ? [] : [[p90Ms / 1000, source]],
      ),
  );
}

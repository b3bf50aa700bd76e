import { PeriodicScans } from '../backfill/periodic-scans.ts';
import { scanProcess } from '../backfill/scan-process.ts';
import type { ScanRecord } from '../ledger/files.ts';
import type { Context } from './context.ts';
import { openFiles } from './wire-files.ts';

/** How this program is started again, to scan. */
export interface ScanProgram {
  readonly program: readonly string[];
  /** The configuration's file. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface ScanReadings {
  /** Of each source the newest scan that ended. */
  scans(): Promise<readonly ScanRecord[]>;
}

/** Has the disks scanned while the backfill is enabled. */
export function wirePeriodicScans(context: Context, scanProgram: ScanProgram | undefined): ScanReadings {
  const { config, report, teardown, now } = context;
  const { enabled, scanEvery: everyMs } = config.backfill;
  if (!enabled) return { scans: async () => [] };
  const files = openFiles(config.state.dir);
  teardown.add('files', () => files.close());
  const sources = config.sources.filter(({ type }) => type === 'disk').map(({ name }) => name);
  if (everyMs !== undefined && scanProgram && sources.length > 0) {
    const scans = new PeriodicScans({
      sources,
      everyMs,
      files,
      run: (source, signal) => scanProcess(scanProgram, source, signal),
      now,
      began: report.scanBegan,
      ended: report.scanEnded,
      failed: report.scansFailed,
    });
    scans.start();
    teardown.add('scans', () => scans.stop());
  }
  return {
    scans: async () => (await files.scans()).flatMap(({ last }) => (last ? [last] : [])),
  };
}

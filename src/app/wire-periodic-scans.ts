import { PeriodicScans } from '../backfill/periodic-scans.ts';
import { scanProcess } from '../backfill/scan-process.ts';
import type { Files } from '../ledger/files.ts';
import type { Context } from './context.ts';

/** How this program is started again, to scan. */
export interface ScanProgram {
  readonly program: readonly string[];
  /** The configuration's file. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

interface ScanParts {
  readonly files: Files;
  /** Whether a source is in use: others are not touched. */
  readonly inUse: (name: string) => boolean;
  readonly scanProgram: ScanProgram | undefined;
  /** Told when a scan has ended, whole or not. */
  readonly ended: () => void;
}

/** Has the disks scanned again and again, once it is started. */
export function wirePeriodicScans(context: Context, parts: ScanParts): { start(): void } {
  const { config, report, teardown, now } = context;
  const { files, inUse, scanProgram, ended } = parts;
  const everyMs = config.backfill.scanEvery;
  const disks = config.sources.filter(({ type }) => type === 'disk').map(({ name }) => name);
  if (everyMs === undefined || !scanProgram || disks.length === 0) return { start: () => undefined };
  const scans = new PeriodicScans({
    sources: () => disks.filter(inUse),
    everyMs,
    files,
    run: (source, signal) => scanProcess(scanProgram, source, signal),
    now,
    began: report.scanBegan,
    ended: (source, end) => {
      report.scanEnded(source, end);
      ended();
    },
    failed: report.scansFailed,
  });
  return {
    start() {
      scans.start();
      teardown.add('scans', () => scans.stop());
    },
  };
}

import { PeriodicScans, type ScanEnd } from '../backfill/periodic-scans.ts';
import { scanApart } from '../backfill/scan-process.ts';
import type { ScanRecord } from '../ledger/files.ts';
import type { Context } from './context.ts';
import { openFiles } from './wire-files.ts';

/** How a scan is started, apart from this process. */
export interface ScanProgram {
  readonly program: URL;
  /** The configuration's file. */
  readonly config: string;
  /** Of libuv's pool there. */
  readonly threads: number;
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
      run: (source, signal) => scanned(scanProgram, source, signal),
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

async function scanned(
  { program, config, threads, env }: ScanProgram,
  source: string,
  signal: AbortSignal,
): Promise<ScanEnd> {
  let end: ScanEnd = { whole: false, why: 'it told nothing', record: undefined };
  const job = { config, sources: [source], manifest: undefined, rate: undefined, fresh: false };
  try {
    await scanApart({
      program,
      job,
      threads,
      env,
      lowPriority: true,
      signal,
      told: (told) => {
        if ('result' in told) end = told.result;
      },
    });
    return end;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { whole: false, why: message, record: undefined, busy: code === 'SCAN_RUNNING' };
  }
}

import { PeriodicScans, type ScanEnd } from '../backfill/periodic-scans.ts';
import { scanApart } from '../backfill/scan-process.ts';
import type { Files } from '../ledger/files.ts';
import type { Context } from './context.ts';

/** How a scan is started, apart from this process. */
export interface ScanProgram {
  readonly program: URL;
  /** The configuration's file. */
  readonly config: string;
  /** Of libuv's pool there. */
  readonly threads: number;
  readonly env: NodeJS.ProcessEnv;
}

interface ScanParts {
  readonly files: Files;
  /** Whether a source is in use: others are not touched. */
  readonly inUse: (name: string) => boolean;
  readonly scanProgram: ScanProgram | undefined;
}

/** Has the disks scanned again and again, once it is started. */
export function wirePeriodicScans(context: Context, parts: ScanParts): { start(): void } {
  const { config, report, teardown, now } = context;
  const { files, inUse, scanProgram } = parts;
  const everyMs = config.backfill.scanEvery;
  const disks = config.sources.filter(({ type }) => type === 'disk').map(({ name }) => name);
  if (everyMs === undefined || !scanProgram || disks.length === 0) return { start: () => undefined };
  const held = new Set<string>();
  const scans = new PeriodicScans({
    sources: () => disks.filter(inUse),
    everyMs,
    files,
    run: (source, signal) => scanned(scanProgram, source, signal, held),
    now,
    began: report.rest.scanBegan,
    ended: report.rest.scanEnded,
    failed: report.rest.scansFailed,
  });
  return {
    start() {
      scans.start();
      teardown.add('scans', () => scans.stop());
    },
  };
}

/** `held`: sources with a process that is not gone yet. A disk that hangs keeps it, and all its memory: one of them is enough. */
async function scanned(
  { program, config, threads, env }: ScanProgram,
  source: string,
  signal: AbortSignal,
  held: Set<string>,
): Promise<ScanEnd> {
  if (held.has(source))
    return { whole: false, why: 'the disk holds the process of the scan before', record: undefined };
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
      there: (is) => void (is ? held.add(source) : held.delete(source)),
    });
    return end;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { whole: false, why: message, record: undefined, busy: code === 'SCAN_RUNNING' };
  }
}

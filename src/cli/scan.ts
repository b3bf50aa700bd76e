import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFiles } from '../app/wire-files.ts';
import { scanner } from '../app/wire-scan.ts';
import type { ScanProgress } from '../backfill/scan.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { operationsOf, type SourceConfig } from '../config/sources-schema.ts';
import { manifestCommand, SourceListingError } from '../sources/source-listing.ts';
import { CommandError } from './command-error.ts';
import { restartWith } from './restart-with.ts';
import { progressText, reportJson, reportText, type ScanResult } from './scan-text.ts';
import { lockScans } from './state-lock.ts';

export interface ScanCommand {
  readonly config: string;
  readonly source?: string;
  readonly manifest?: string;
  readonly rate?: number;
  readonly fresh?: true;
  readonly json?: true;
}

/** Threads of libuv's pool beside those that disks may hold. */
const spareThreads = 8;
/** How long operations on the disks may take to end at the end, in milliseconds. */
const closingMs = 1000;
/** Findings that are shown of each kind. */
const examples = 3;
/** Times between two lines about how far it is, on a terminal and elsewhere, in milliseconds. */
const terminalEveryMs = 200;
const logEveryMs = 60_000;

/**
 * `upstairs scan`: looks through the sources and records their files in files.db, beside a running `serve` or without one. Exit code 0: all
 * of it was looked at, and all are files that can move; 2: the same, with findings; 1: it did not come to its end: run again, it goes on.
 * @throws CommandError SCAN_RUNNING, STATE_UNUSABLE, SOURCE_UNKNOWN, MANIFEST_NEEDED
 */
export async function scan(options: ScanCommand): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  const sources = chosen(config, options);
  const threads = sources.reduce((sum, source) => sum + operationsOf(source), spareThreads);
  if (!(Number(process.env.UV_THREADPOOL_SIZE) >= threads)) restartWith({ UV_THREADPOOL_SIZE: String(threads) });
  const lock = lockScans(config.state.dir);
  const stop = new AbortController();
  const broken = () => stop.abort(new Error('it was broken off'));
  process.once('SIGINT', broken);
  process.once('SIGTERM', broken);
  const results: ScanResult[] = [];
  let pending = 0;
  try {
    for (const source of sources) {
      const { result, pendingDiskOperations } = await scanned(config, source, options, stop.signal);
      pending += pendingDiskOperations;
      results.push(result);
      if (!options.json) process.stdout.write(reportText(result));
      if (stop.signal.aborted) break;
    }
    if (options.json) process.stdout.write(reportJson(results));
    process.exitCode = exitCode(results);
  } finally {
    lock.release();
    process.off('SIGINT', broken);
    process.off('SIGTERM', broken);
  }
  // A disk that hangs holds a thread, and the process would wait for it for ever.
  if (pending > 0) await endAtOnce();
}

/** The sources that are to be scanned: the one that was named, or all that are on this machine. */
function chosen({ sources }: Config, { source: name, manifest }: ScanCommand): SourceConfig[] {
  const names = sources.map((source) => source.name).join(', ');
  if (name === undefined) {
    if (manifest === undefined) return disksOf(sources);
    const [only] = sources;
    if (only && sources.length === 1) return [only];
    throw new CommandError('SOURCE_UNKNOWN', `say with --source which one the manifest is of: ${names}`);
  }
  const source = sources.find((one) => one.name === name);
  if (source === undefined) throw new CommandError('SOURCE_UNKNOWN', `there is no source ${name}; there are: ${names}`);
  if (source.type !== 'disk' && manifest === undefined) throw needsManifest([source]);
  return [source];
}

function disksOf(sources: readonly SourceConfig[]): SourceConfig[] {
  const disks = sources.filter(({ type }) => type === 'disk');
  const others = sources.filter(({ type }) => type !== 'disk');
  if (disks.length === 0) throw needsManifest(others);
  if (others.length > 0) process.stderr.write(`note: ${needsManifest(others).message}\n`);
  return disks;
}

function needsManifest(sources: readonly SourceConfig[]): CommandError {
  const names = sources.map(({ name }) => name).join(', ');
  return new CommandError(
    'MANIFEST_NEEDED',
    `not on this machine: ${names}. Run there, in public/system: ${manifestCommand} > manifest, bring the file here, and give it with ` +
      '--source NAME --manifest FILE (or - for standard input)',
  );
}

async function scanned(config: Config, source: SourceConfig, options: ScanCommand, signal: AbortSignal) {
  const line = progressLine();
  const beganMs = performance.now();
  const facts = () => ({ source: source.name, ms: performance.now() - beganMs });
  const failed = (why: string): ScanResult => ({
    ...facts(),
    whole: false,
    why,
    record: undefined,
    findings: [],
    entries: 0,
  });
  let parts: Awaited<ReturnType<typeof scanner>>;
  try {
    parts = await scanner(config, {
      source,
      manifest: options.manifest === undefined ? undefined : bytesOf(options.manifest),
      rate: options.rate ?? config.backfill.scanRate,
      fresh: options.fresh ?? false,
      progress: line.show,
    });
  } catch (error) {
    if (!(error instanceof SourceListingError)) throw error;
    // Whoever hangs here has a thread.
    return { result: failed(error.message), pendingDiskOperations: error.code === 'SOURCE_HUNG' ? 1 : 0 };
  }
  const { scan: run, close, pendingDiskOperations } = parts;
  try {
    const record = await run.run(signal);
    const findings = record.findings > 0 ? await findingsOf(config, source.name) : [];
    const result = { ...facts(), whole: true, why: undefined, record, findings, entries: run.entries };
    return { result, pendingDiskOperations: await left(pendingDiskOperations) };
  } catch (error) {
    if (!(error instanceof SourceListingError) && error !== signal.reason) throw error;
    const why = `${(error as Error).message}${signal.aborted ? ': run it again, and it goes on' : ''}`;
    const result = { ...failed(why), record: await run.record(), entries: run.entries };
    return { result, pendingDiskOperations: await left(pendingDiskOperations) };
  } finally {
    line.end();
    await close();
  }
}

async function findingsOf(config: Config, source: string) {
  const files = openFiles(config.state.dir);
  try {
    return await files.findingsByKind(source, examples);
  } finally {
    await files.close();
  }
}

async function* bytesOf(manifest: string): AsyncGenerator<Buffer> {
  const stream = manifest === '-' ? process.stdin : createReadStream(manifest);
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw new CommandError('FILE_UNREADABLE', `the manifest cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function left(pending: () => number): Promise<number> {
  for (const end = performance.now() + closingMs; pending() > 0 && performance.now() < end; ) await sleep(10);
  return pending();
}

function exitCode(results: readonly ScanResult[]): number {
  if (results.some(({ whole }) => !whole)) return 1;
  return results.some(({ record }) => record !== undefined && record.findings > 0) ? 2 : 0;
}

/** Once what was printed is out. No exit code can be had from a process that a disk holds. */
async function endAtOnce(): Promise<void> {
  await new Promise<void>((done) => process.stdout.write('', () => done()));
  process.kill(process.pid, 'SIGKILL');
}

/** On a terminal one line that is written over, elsewhere one a minute. */
function progressLine() {
  const { isTTY, columns } = process.stderr;
  let last: { ms: number; entries: number } = { ms: performance.now(), entries: 0 };
  let written = false;
  const show = (progress: ScanProgress) => {
    const nowMs = performance.now();
    if (nowMs - last.ms < (isTTY ? terminalEveryMs : logEveryMs)) return;
    const text = progressText(
      progress,
      ((progress.entries - last.entries) * 1000) / (nowMs - last.ms),
      isTTY ? (columns ?? 80) : Number.POSITIVE_INFINITY,
    );
    last = { ms: nowMs, entries: progress.entries };
    process.stderr.write(isTTY ? `\r${text}\u001b[K` : `${text}\n`);
    written = isTTY;
  };
  const end = () => {
    if (written) process.stderr.write('\n');
    written = false;
  };
  return { show, end };
}

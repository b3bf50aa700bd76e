import { createReadStream } from 'node:fs';
import { openFiles } from '../app/wire-files.ts';
import { type Scanner, scanner } from '../app/wire-scan.ts';
import type { ScanJob, ScanTold } from '../backfill/scan-process.ts';
import type { ScanResult } from '../backfill/scan-result.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { SourceConfig } from '../config/sources-schema.ts';
import { SourceListingError } from '../sources/source-listing.ts';
import { fileUnreadable } from './command-error.ts';
import { lockScans } from './state-lock.ts';
import { toldError } from './told-error.ts';

/** Findings that are told of each kind. */
const examples = 3;

const stop = new AbortController();
const breakOff = () => stop.abort(new Error('it was broken off'));
// Ctrl-C is for both of us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, breakOff);
process.once('disconnect', breakOff);

// The part of `upstairs scan` that touches disks, a program of its own: a disk that hangs holds it, and not the one that has the terminal.
process.once('message', async (job) => {
  const error = await work(job as ScanJob).then(
    () => undefined,
    (cause: unknown) => toldError(cause, 'upstairs scan'),
  );
  if (process.connected) process.send?.({ over: true, ...(error && { error }) } satisfies ScanTold);
  // Whoever asked is gone. An operation that hangs would keep this process for ever.
  else process.kill(process.pid, 'SIGKILL');
});

async function work(job: ScanJob): Promise<void> {
  const { config } = loadConfig(job.config, { env: process.env, environment: false });
  const lock = lockScans(config.state.dir);
  try {
    for (const name of job.sources) {
      const source = config.sources.find((one) => one.name === name);
      if (source === undefined) continue;
      tell({ result: await scanned(config, source, job) });
      if (stop.signal.aborted) break;
    }
  } finally {
    lock.release();
  }
}

function tell(told: ScanTold): void {
  if (process.connected) process.send?.(told);
}

async function scanned(config: Config, source: SourceConfig, job: ScanJob): Promise<ScanResult> {
  const beganMs = performance.now();
  const result = (outcome: Partial<ScanResult>): ScanResult => ({
    source: source.name,
    whole: false,
    why: undefined,
    record: undefined,
    findings: [],
    entries: 0,
    ...outcome,
    ms: performance.now() - beganMs,
  });
  let parts: Scanner | undefined;
  try {
    parts = await scanner(config, {
      source,
      manifest: job.manifest === undefined ? undefined : bytesOf(job.manifest),
      rate: job.rate ?? config.backfill.scanRate,
      fresh: job.fresh,
      progress: (progress) => tell({ progress }),
    });
    const record = await parts.scan.run(stop.signal);
    const findings = record.findings > 0 ? await findingsOf(config, source.name) : [];
    return result({ whole: true, record, findings, entries: parts.scan.entries });
  } catch (error) {
    if (!(error instanceof SourceListingError) && error !== stop.signal.reason) throw error;
    const { message } = error as Error;
    return result({
      why: stop.signal.aborted ? `${message}: run it again, and it goes on` : message,
      record: await parts?.scan.record(),
      entries: parts?.scan.entries ?? 0,
    });
  } finally {
    await parts?.close();
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
    throw fileUnreadable(`the manifest ${manifest}`, error);
  }
}

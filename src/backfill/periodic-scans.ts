import { setTimeout as sleep } from 'node:timers/promises';
import type { Files } from '../ledger/files.ts';
import type { ScanResult } from './scan-result.ts';

/** How a scan that ran apart came out. `busy`: another one was under way, by hand. */
export type ScanEnd = Pick<ScanResult, 'whole' | 'why' | 'record'> & { readonly busy?: boolean };

/** When a scan that found another one under way is tried again, in milliseconds. */
const busyMs = 60_000;

export interface PeriodicScansOptions {
  /** Names of the sources that are to be looked through now, in this order. */
  readonly sources: () => readonly string[];
  readonly everyMs: number;
  readonly files: Pick<Files, 'scans'>;
  /** Scans a source, apart from this process. Never rejects; once aborted, it resolves soon. */
  readonly run: (source: string, signal: AbortSignal) => Promise<ScanEnd>;
  readonly now: () => number;
  readonly began: (source: string) => void;
  readonly ended: (source: string, end: ScanEnd) => void;
  /** What was scanned when could not be read. */
  readonly failed: (error: unknown) => void;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Has each source looked through again and again, one at a time: so long after its last scan ended, or at once where that was broken off or
 * there was none. What was tried is not tried again before the time is over, however it came out.
 */
export class PeriodicScans {
  readonly #options: PeriodicScansOptions;
  readonly #stop = new AbortController();
  /** Not to be tried before. */
  readonly #notBeforeMs = new Map<string, number>();
  #running: Promise<void> | undefined;

  constructor(options: PeriodicScansOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the scan under way has ended, which is broken off. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { everyMs, now, failed, wait = waited } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const next = await this.#next().catch((error: unknown) => {
        failed(error);
        return { atMs: now() + everyMs, source: undefined };
      });
      await wait(Math.max(0, next.atMs - now()), signal);
      if (!signal.aborted && next.source !== undefined) await this.#scan(next.source, signal);
    }
  }

  async #scan(source: string, signal: AbortSignal): Promise<void> {
    const { run, began, ended, now, everyMs } = this.#options;
    began(source);
    const end = await run(source, signal);
    this.#notBeforeMs.set(source, now() + (end.busy ? Math.min(busyMs, everyMs) : everyMs));
    ended(source, end);
  }

  /** Which source comes next, and when. */
  async #next(): Promise<{ source: string | undefined; atMs: number }> {
    const { sources, everyMs, files } = this.#options;
    const scans = await files.scans();
    const dues = sources().map((source) => {
      const { last, open } = scans.find((scan) => (scan.last ?? scan.open)?.source === source) ?? {};
      const ended = open === undefined && last?.endedMs !== undefined ? last.endedMs + everyMs : 0;
      return { source, atMs: Math.max(ended, this.#notBeforeMs.get(source) ?? 0) };
    });
    const [first = { source: undefined, atMs: this.#options.now() + everyMs }] = dues.toSorted(
      (a, b) => a.atMs - b.atMs,
    );
    return first;
  }
}

async function waited(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

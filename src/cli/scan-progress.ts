import type { ScanProgress } from '../backfill/scan.ts';
import { progressText } from './scan-text.ts';

/** Times between two lines about how far it is, on a terminal and elsewhere, in milliseconds. */
const terminalEveryMs = 200;
const logEveryMs = 60_000;

/** How far a scan is, on standard error: on a terminal one line that is written over, elsewhere one a minute. */
export class ScanProgressLine {
  #last = { ms: performance.now(), entries: 0 };
  #written = false;

  readonly show = (progress: ScanProgress): void => {
    const { isTTY } = process.stderr;
    // 0 where a terminal does not know.
    const columns = process.stderr.columns || 80;
    const nowMs = performance.now();
    const { ms, entries } = this.#last;
    if (nowMs - ms < (isTTY ? terminalEveryMs : logEveryMs)) return;
    const perSecond = (Math.max(0, progress.entries - entries) * 1000) / (nowMs - ms);
    this.#last = { ms: nowMs, entries: progress.entries };
    const text = progressText(progress, perSecond, isTTY ? columns : Number.POSITIVE_INFINITY);
    process.stderr.write(isTTY ? `\r${text}\u001b[K` : `${text}\n`);
    this.#written = isTTY;
  };

  end(): void {
    if (this.#written) process.stderr.write('\n');
    this.#written = false;
  }
}

/** Minutes that a rate is taken over. */
const minutes = 10;
const minuteMs = 60_000;

export interface Rate {
  readonly objectsPerSecond: number;
  readonly bytesPerSecond: number;
  /** What it was measured over, in milliseconds. */
  readonly overMs: number;
}

/** How fast copies have ended lately: sums by the minute, the last ten of them. */
export class CopyRate {
  readonly #now: () => number;
  readonly #beganMs: number;
  readonly #sums: { minute: number; objects: number; bytes: number }[] = [];

  constructor(now: () => number) {
    this.#now = now;
    this.#beganMs = now();
  }

  readonly copied = (bytes: number): void => {
    const minute = Math.floor(this.#now() / minuteMs);
    let last = this.#sums.at(-1);
    if (last?.minute !== minute) {
      last = { minute, objects: 0, bytes: 0 };
      this.#sums.push(last);
      if (this.#sums.length > minutes) this.#sums.shift();
    }
    last.objects += 1;
    last.bytes += bytes;
  };

  /** Undefined: it has not run for long enough to tell. */
  get rate(): Rate | undefined {
    const nowMs = this.#now();
    const from = Math.max(this.#beganMs, (Math.floor(nowMs / minuteMs) - minutes + 1) * minuteMs);
    const overMs = nowMs - from;
    if (overMs < 1000) return undefined;
    const recent = this.#sums.filter(({ minute }) => (minute + 1) * minuteMs > from);
    const sum = (of: 'objects' | 'bytes') => recent.reduce((total, each) => total + each[of], 0);
    return {
      objectsPerSecond: sum('objects') / (overMs / 1000),
      bytesPerSecond: sum('bytes') / (overMs / 1000),
      overMs,
    };
  }
}

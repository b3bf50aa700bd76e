/** Samples that are kept: what is older tells nothing of now. */
const kept = 256;

export interface Latency {
  /** 9 of 10 took no longer, in milliseconds; undefined: there were none. */
  readonly p90Ms: number | undefined;
  readonly samples: number;
}

/** What something took to answer, lately; waiting in a queue of ours is not its own. Costs two numbers an operation. */
export class ServiceTimes {
  readonly #now: () => number;
  readonly #noted: (tookMs: number) => void;
  readonly #tookMs = new Float64Array(kept);
  readonly #endedMs = new Float64Array(kept).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  /** `now`: milliseconds that only go forward. `noted` is told of each operation too. */
  constructor(now: () => number = () => performance.now(), noted: (tookMs: number) => void = () => undefined) {
    this.#now = now;
    this.#noted = noted;
  }

  /** Runs an operation, and notes how long it took, also when it failed. */
  async timed<T>(operation: () => Promise<T>): Promise<T> {
    const begun = this.#now();
    try {
      return await operation();
    } finally {
      this.note(begun);
    }
  }

  /** An answer to what was begun then came now. */
  note(begunMs: number): void {
    const now = this.#now();
    this.#tookMs[this.#next] = now - begunMs;
    this.#endedMs[this.#next] = now;
    this.#next = (this.#next + 1) % kept;
    this.#noted(now - begunMs);
  }

  /** Of what ended within so many milliseconds. */
  within(ms: number): Latency {
    const since = this.#now() - ms;
    const took = this.#tookMs.filter((_, i) => (this.#endedMs[i] ?? 0) >= since).sort();
    return { p90Ms: took[Math.ceil(took.length * 0.9) - 1], samples: took.length };
  }
}

export interface SharedLookOptions<T> {
  readonly look: () => Promise<T>;
  /** For how long what it found is good for others, in milliseconds. */
  readonly maxAgeMs: number;
  /** The same where it failed. Left out: who asks next looks again. */
  readonly failureMs?: number;
  readonly now: () => number;
}

/** One look for all who ask while it is under way, or not long after: how many ask does not matter. */
export class SharedLook<T> {
  readonly #options: SharedLookOptions<T>;
  #found: Promise<T> | undefined;
  /** When it was found; undefined: the look is under way, and everybody waits for it, however long it takes. */
  #endedMs: number | undefined;
  #goodForMs = 0;

  constructor(options: SharedLookOptions<T>) {
    this.#options = options;
  }

  /** Rejects where the look does. */
  now(): Promise<T> {
    if (this.#found === undefined || !this.#isFresh) this.#found = this.#begin();
    return this.#found;
  }

  get #isFresh(): boolean {
    if (this.#endedMs === undefined) return true;
    const ageMs = this.#options.now() - this.#endedMs;
    // A clock that was put back must not keep what is old.
    return ageMs >= 0 && ageMs < this.#goodForMs;
  }

  async #begin(): Promise<T> {
    this.#endedMs = undefined;
    const { look, maxAgeMs, failureMs = 0, now } = this.#options;
    this.#goodForMs = failureMs;
    try {
      const found = await look();
      this.#goodForMs = maxAgeMs;
      return found;
    } finally {
      this.#endedMs = now();
    }
  }
}

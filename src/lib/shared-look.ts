export interface SharedLookOptions<T> {
  readonly look: () => Promise<T>;
  /** For how long what it found is good for others, in milliseconds. */
  readonly maxAgeMs: number;
  readonly now: () => number;
}

/** One look for all who ask while it is under way, or not long after: how many ask does not matter. What failed is not remembered. */
export class SharedLook<T> {
  readonly #options: SharedLookOptions<T>;
  #found: Promise<T> | undefined;
  /** When it was found; undefined: the look is under way, and everybody waits for it, however long it takes. */
  #endedMs: number | undefined;

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
    return ageMs >= 0 && ageMs < this.#options.maxAgeMs;
  }

  async #begin(): Promise<T> {
    this.#endedMs = undefined;
    try {
      const found = await this.#options.look();
      this.#endedMs = this.#options.now();
      return found;
    } catch (error) {
      this.#endedMs = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }
}

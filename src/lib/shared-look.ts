export interface SharedLookOptions<T> {
  readonly look: () => Promise<T>;
  /** For how long a look is good for others, in milliseconds from its end. */
  readonly maxAgeMs: number;
  readonly now: () => number;
}

/** One look at a time, and one for all who ask within `maxAgeMs`, however many they are. */
export class SharedLook<T> {
  readonly #options: SharedLookOptions<T>;
  #look: Promise<T> | undefined;
  /** When the look had ended; undefined: it is under way, and everybody waits for it, however long it takes. */
  #endedMs: number | undefined;

  constructor(options: SharedLookOptions<T>) {
    this.#options = options;
  }

  /** Rejects where the look does; whoever asks after that has a new one. */
  now(): Promise<T> {
    if (this.#look === undefined || !this.#isFresh) this.#look = this.#begin();
    return this.#look;
  }

  get #isFresh(): boolean {
    if (this.#endedMs === undefined) return true;
    const ageMs = this.#options.now() - this.#endedMs;
    // A clock that was put back must not keep an old look for hours.
    return ageMs >= 0 && ageMs < this.#options.maxAgeMs;
  }

  async #begin(): Promise<T> {
    this.#endedMs = undefined;
    try {
      const seen = await this.#options.look();
      this.#endedMs = this.#options.now();
      return seen;
    } catch (error) {
      this.#endedMs = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }
}

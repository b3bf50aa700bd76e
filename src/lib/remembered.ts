export interface RememberedOptions<T> {
  readonly look: () => Promise<T>;
  /** How old an answer may be before it is looked again, in milliseconds. */
  readonly maxAgeMs: number;
  readonly now: () => number;
  /** Told of looks that failed; the answer before stays. */
  readonly failed: (error: unknown) => void;
}

/** An answer that is quick because it may be old: who asks gets the last one, and it is looked anew behind his back, once for all who ask. */
export class Remembered<T> {
  readonly #options: RememberedOptions<T>;
  #value: T | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(options: RememberedOptions<T>) {
    this.#options = options;
  }

  /** Undefined: nothing is known yet. */
  get(): T | undefined {
    const ageMs = this.#options.now() - this.#lookedMs;
    // A clock that was put back must not keep an old answer for hours.
    if (ageMs >= this.#options.maxAgeMs || ageMs < 0) void this.refreshed();
    return this.#value;
  }

  /** When the look that is under way, or begins now, has ended. */
  refreshed(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { look, now, failed } = this.#options;
    try {
      this.#value = await look();
    } catch (error) {
      failed(error);
    }
    this.#lookedMs = now();
  }
}

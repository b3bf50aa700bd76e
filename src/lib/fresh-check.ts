/**
 * A check whose answer must not be older than the question. At most one run is under way; who asks while one is, shares the next, so
 * a flood of questions costs one run after the other.
 */
export class FreshCheck<T> {
  readonly #check: () => Promise<T>;
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;
  #latest: Promise<T> | undefined;
  #beganMs = Number.NEGATIVE_INFINITY;

  /** `check` never rejects. */
  constructor(check: () => Promise<T>) {
    this.#check = check;
  }

  /** The answer of a run that began after this call, or at most so many milliseconds before. */
  ask(maxAgeMs = 0): Promise<T> {
    if (this.#latest && maxAgeMs > 0 && performance.now() - this.#beganMs <= maxAgeMs) return this.#latest;
    if (!this.#running) return this.#begin();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      // Who was answered may have asked again already: that run began late enough for these too.
      return this.#running ?? this.#begin();
    });
    return this.#next;
  }

  #begin(): Promise<T> {
    this.#beganMs = performance.now();
    this.#latest = this.#check();
    this.#running = this.#latest.finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }
}

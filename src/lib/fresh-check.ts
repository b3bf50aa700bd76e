/**
 * A check whose answer must not be older than the question. At most one run is under way; who asks while one is, shares the next, so
 * a flood of questions costs one run after the other.
 */
export class FreshCheck<T> {
  readonly #check: () => Promise<T>;
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  /** `check` never rejects. */
  constructor(check: () => Promise<T>) {
    this.#check = check;
  }

  /** The answer of a run that began after this call. */
  ask(): Promise<T> {
    if (!this.#running) return this.#begin();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      // Who was answered may have asked again already: that run began late enough for these too.
      return this.#running ?? this.#begin();
    });
    return this.#next;
  }

  #begin(): Promise<T> {
    this.#running = this.#check().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }
}

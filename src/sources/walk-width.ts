/** Milliseconds that an operation of a disk that is at ease takes at most, and one of a disk that is not. */
const easyMs = 5;
const hardMs = 20;

/** How many operations of a walk a disk is given at once: one at first, more while it answers quickly, half as many when it does not. */
export class WalkWidth {
  readonly #most: number;
  #width = 1;

  constructor(most: number) {
    this.#most = most;
  }

  get width(): number {
    return this.#width;
  }

  /** Some operations took so long on average. */
  took(meanMs: number): void {
    if (meanMs > hardMs) this.#width = Math.max(1, this.#width >> 1);
    else if (meanMs < easyMs) this.#width = Math.min(this.#most, this.#width + 1);
  }
}

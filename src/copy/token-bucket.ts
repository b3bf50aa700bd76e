/**
 * A limit per second, as an account that fills evenly, up to one second's worth. Who comes while it is not overdrawn passes, whatever it
 * costs, and may leave a debt: what is larger than the burst gets through, and the average is kept all the same.
 */
export class TokenBucket {
  readonly #perSecond: number;
  #level: number;
  #atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#level = perSecond;
    this.#atMs = nowMs;
  }

  /** How long until the next may pass, in milliseconds. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#level > 0 ? 0 : Math.floor((-this.#level / this.#perSecond) * 1000) + 1;
  }

  spend(amount: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#level -= amount;
  }

  #fill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#level = Math.min(this.#perSecond, this.#level + (this.#perSecond * passedMs) / 1000);
  }
}

const firstMs = 1000;
const mostMs = 60_000;

/** What the store's "SlowDown" means for what comes after it: 1 s, doubling to 60 s, until something sent since has succeeded. */
export class SlowDown {
  #waitMs = 0;
  /** When it was last told. */
  #toldMs = Number.NEGATIVE_INFINITY;
  #untilMs = Number.NEGATIVE_INFINITY;

  waitMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  /** `sentMs`: when what was answered had been sent. What was under way together is told together, and counts once. */
  told(sentMs: number, nowMs: number): void {
    if (sentMs < this.#toldMs) return;
    this.#toldMs = nowMs;
    this.#waitMs = Math.min(mostMs, Math.max(firstMs, this.#waitMs * 2));
    this.#untilMs = nowMs + this.#waitMs;
  }

  succeeded(sentMs: number): void {
    if (sentMs >= this.#toldMs) this.#waitMs = 0;
  }
}

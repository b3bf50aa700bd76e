/** In milliseconds. */
export interface BackOffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Rejects with the signal's reason. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly now: () => number;
}

/** Several that ask one store wait together when it is in trouble: longer each time, and not at all once it has answered. */
export class BackOff {
  readonly #options: BackOffOptions;
  #untilMs = 0;
  #waitMs = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** Resolves when nobody needs to wait any more. */
  async pass(signal: AbortSignal): Promise<void> {
    const { now, sleep } = this.#options;
    for (let leftMs = this.#untilMs - now(); leftMs > 0; leftMs = this.#untilMs - now()) await sleep(leftMs, signal);
  }

  /** A request failed that was sent at this time. Those that were under way together count once. */
  failed(sentMs: number): void {
    const { now, firstMs, mostMs } = this.#options;
    if (sentMs < this.#untilMs) return;
    this.#waitMs = this.#waitMs === 0 ? firstMs : Math.min(this.#waitMs * 2, mostMs);
    this.#untilMs = now() + this.#waitMs;
  }

  answered(): void {
    this.#waitMs = 0;
  }
}

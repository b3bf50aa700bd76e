import type { TierShare, TierShares } from '../ledger/tier-shares.ts';

export interface TierCounterOptions {
  readonly shares: TierShares;
  /** How often it is written down, in milliseconds. */
  readonly everyMs: number;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** Counts answers by tier, and writes them down now and then: a crash loses the last minute of them, which is no harm. */
export class TierCounter {
  readonly #options: TierCounterOptions;
  #pending = new Map<string, { requests: number; bytes: number }>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: TierCounterOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.write()
        .catch(this.#options.failed)
        .finally(() => this.start());
    }, this.#options.everyMs).unref();
  }

  readonly count = (tier: string, bytes: number): void => {
    const sum = this.#pending.get(tier) ?? { requests: 0, bytes: 0 };
    sum.requests += 1;
    sum.bytes += bytes;
    this.#pending.set(tier, sum);
  };

  /** Answers since then, with those that are not written yet. As `TierShares.since`. */
  async since(ms: number | undefined): Promise<readonly TierShare[]> {
    const sums = new Map(this.#pending);
    for (const { tier, requests, bytes } of await this.#options.shares.since(ms)) {
      const pending = sums.get(tier) ?? { requests: 0, bytes: 0 };
      sums.set(tier, { requests: pending.requests + requests, bytes: pending.bytes + bytes });
    }
    return [...sums].map(([tier, sum]) => ({ tier, ...sum })).sort((a, b) => (a.tier < b.tier ? -1 : 1));
  }

  /** What could not be written is kept for the next time. */
  async write(): Promise<void> {
    const { shares, now } = this.#options;
    const pending = this.#pending;
    if (pending.size === 0) return;
    this.#pending = new Map();
    try {
      await shares.add(
        [...pending].map(([tier, sum]) => ({ tier, ...sum })),
        now(),
      );
    } catch (error) {
      for (const [tier, { requests, bytes }] of pending) {
        const sum = this.#pending.get(tier) ?? { requests: 0, bytes: 0 };
        this.#pending.set(tier, { requests: sum.requests + requests, bytes: sum.bytes + bytes });
      }
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.write();
  }
}

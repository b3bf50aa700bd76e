import { setTimeout as sleep } from 'node:timers/promises';

/** Timers are no finer than that, in milliseconds: shorter waits are gathered. */
const gatheredMs = 20;

/** Lets so many things happen in a second, over any stretch of some tens of milliseconds. What was not used is not made up for. */
export class SteadyRate {
  readonly #perSecond: number;
  #aheadUntilMs = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Resolves when so many more may happen. Rejects with the signal's reason. */
  async spend(count: number, signal: AbortSignal): Promise<void> {
    const nowMs = performance.now();
    this.#aheadUntilMs = Math.max(this.#aheadUntilMs, nowMs) + (count * 1000) / this.#perSecond;
    const aheadMs = this.#aheadUntilMs - nowMs;
    if (aheadMs >= gatheredMs) await sleep(aheadMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

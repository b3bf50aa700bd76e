import { setTimeout as sleep } from 'node:timers/promises';

/** Timers are no finer than that, in milliseconds: shorter waits are gathered. */
const gatheredMs = 20;

/** Times in milliseconds. */
export interface RateClock {
  now(): number;
  /** Rejects with the signal's reason. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const realClock: RateClock = {
  now: () => performance.now(),
  wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted()),
};

/** Lets so many things happen in a second, over any stretch of some tens of milliseconds. What was not used is not made up for. */
export class SteadyRate {
  readonly #perSecond: number;
  readonly #clock: RateClock;
  #aheadUntilMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, clock: RateClock = realClock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** Resolves when these may have happened. Rejects with the signal's reason. */
  async spend(count: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.now();
    this.#aheadUntilMs = Math.max(this.#aheadUntilMs, nowMs) + (count * 1000) / this.#perSecond;
    const aheadMs = this.#aheadUntilMs - nowMs;
    if (aheadMs >= gatheredMs) await this.#clock.wait(aheadMs, signal);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

/** Lets so many through in a second, evenly: a store that is asked faster answers 503 SlowDown to everybody. */
export class Pace {
  readonly #gapMs: number;
  #nextMs = 0;

  constructor(perSecond: number) {
    this.#gapMs = 1000 / perSecond;
  }

  /** Resolves when it is the caller's turn, in the order of asking. */
  async turn(): Promise<void> {
    const nowMs = performance.now();
    const turnMs = Math.max(nowMs, this.#nextMs);
    this.#nextMs = turnMs + this.#gapMs;
    if (turnMs > nowMs) await sleep(turnMs - nowMs);
  }
}

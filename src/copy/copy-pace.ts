import { setTimeout as sleep } from 'node:timers/promises';
import type { Lane } from '../ledger/ledger.ts';
import { SlowDown } from './slow-down.ts';
import { TokenBucket } from './token-bucket.ts';

/** Per second; undefined: no limit. */
export interface PaceLimits {
  readonly bytes: number | undefined;
  readonly requests: number | undefined;
}

export interface CopyPaceOptions {
  /** Of both lanes together. */
  readonly limits: PaceLimits;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Rejects when the signal is aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Limits may change while somebody waits. */
const longestSleepMs = 1000;
/** How long the backfill steps aside for what was asked for, in milliseconds. */
const asideMs = 5;

/** How fast copies go up: bytes and requests per second, less for the backfill if that is wanted, and nothing while the store says "SlowDown". */
export class CopyPace {
  readonly #now: () => number;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly #all: Limits;
  #backfill: Limits;
  readonly #slowDown = new SlowDown();
  #askedForWaiting = 0;

  constructor({ limits, now, sleep: wait = (ms, signal) => sleep(ms, undefined, { signal }) }: CopyPaceOptions) {
    this.#now = now;
    this.#sleep = wait;
    this.#all = new Limits(limits, now());
    this.#backfill = new Limits({ bytes: undefined, requests: undefined }, now());
  }

  /** From now on, for the backfill alone. The same limits again change nothing. */
  limitBackfill(limits: PaceLimits): void {
    if (!this.#backfill.are(limits)) this.#backfill = new Limits(limits, this.#now());
  }

  /** How long no copy of this lane is worth beginning, in milliseconds. */
  waitMs(lane: Lane): number {
    const now = this.#now();
    const waits = [this.#slowDown.waitMs(now), this.#all.waitMs(now)];
    if (lane === 'backfill') waits.push(this.#backfill.waitMs(now), this.#askedForWaiting > 0 ? asideMs : 0);
    return Math.max(...waits);
  }

  /** How long the store's "SlowDown" holds everything up, in milliseconds. */
  get slowDownMs(): number {
    return this.#slowDown.waitMs(this.#now());
  }

  /** Resolves when an upload of so many bytes may be sent, with what `answered` wants of it. Rejects when the signal is aborted. */
  async turn(lane: Lane, bytes: number, signal: AbortSignal): Promise<number> {
    const asked = lane === 'asked-for' ? 1 : 0;
    this.#askedForWaiting += asked;
    try {
      for (let waitMs = this.waitMs(lane); waitMs > 0; waitMs = this.waitMs(lane))
        await this.#sleep(Math.min(waitMs, longestSleepMs), signal);
    } finally {
      this.#askedForWaiting -= asked;
    }
    const now = this.#now();
    this.#all.spend(bytes, 1, now);
    if (lane === 'backfill') this.#backfill.spend(bytes, 1, now);
    return now;
  }

  /** Requests that could not wait for a turn. */
  spent(requests: number): void {
    this.#all.spend(0, requests, this.#now());
  }

  /** What the store said to an upload that was sent at this turn. */
  answered(turn: number, answer: 'stored' | 'slow-down' | 'other'): void {
    if (answer === 'slow-down') this.#slowDown.told(turn, this.#now());
    else if (answer === 'stored') this.#slowDown.succeeded(turn);
  }
}

class Limits {
  readonly #limits: PaceLimits;
  readonly #bytes: TokenBucket | undefined;
  readonly #requests: TokenBucket | undefined;

  constructor(limits: PaceLimits, nowMs: number) {
    const { bytes, requests } = limits;
    this.#limits = limits;
    this.#bytes = bytes === undefined ? undefined : new TokenBucket(bytes, nowMs);
    this.#requests = requests === undefined ? undefined : new TokenBucket(requests, nowMs);
  }

  are({ bytes, requests }: PaceLimits): boolean {
    return bytes === this.#limits.bytes && requests === this.#limits.requests;
  }

  waitMs(nowMs: number): number {
    return Math.max(this.#bytes?.waitMs(nowMs) ?? 0, this.#requests?.waitMs(nowMs) ?? 0);
  }

  spend(bytes: number, requests: number, nowMs: number): void {
    this.#bytes?.spend(bytes, nowMs);
    this.#requests?.spend(requests, nowMs);
  }
}

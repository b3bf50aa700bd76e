import type { TurnEnd } from '../copy/copy-turn.ts';
import { Aimd, besideReaders } from './aimd.ts';
import { type RestOptions, type RestReason, SourceRest } from './source-rest.ts';
import type { Strain } from './strain.ts';

export interface DrainSourceFacts {
  readonly source: string;
  /** Copies from it that may be under way at once. */
  readonly concurrency: number;
  /** What 9 of 10 of its operations took no longer than lately, and what that usually is, in milliseconds. */
  readonly p90Ms: number | undefined;
  readonly usualMs: number | undefined;
  /** Set: it is left alone. */
  readonly pausedUntilMs: number | undefined;
  readonly why: RestReason | undefined;
  /** Files of it that are in the second lane and need not wait for their time. */
  readonly window: number;
}

/** How long a window of latencies is, in milliseconds; and at first, until the source was not quick once. */
const windowMs = 1000;
const firstWindowMs = 250;
/** After a plan that gave less than was asked for: the first wait doubles up to the last, in milliseconds. */
const shortMs = { first: 1000, last: 600_000 };
/**
 * An operation that takes less is quick whatever the disk is: a busy machine adds milliseconds that are not the disk's, and one that dies takes
 * 80 and more. Readers do not depend on it: while there are some, one operation at a time is begun.
 */
const floorMs = 20;

/** One source of the drain: how much of it is copied at once, and whether it is left alone. Times in milliseconds. */
export class DrainSource {
  readonly name: string;
  readonly #strain: Strain;
  readonly #aimd: Aimd;
  readonly #rest: SourceRest;
  #used = 0;
  #underWay = 0;
  #windowEndsMs = 0;
  #askAtMs = 0;
  #shortMs = shortMs.first;
  /** Files in the window, as far as is known. */
  window = 0;
  /** The plan had nothing more of it when it was last asked. */
  through = false;

  constructor(name: string, strain: Strain, options: { most: number; rest: RestOptions }) {
    this.name = name;
    this.#strain = strain;
    this.#aimd = new Aimd({ most: options.most, floorMs });
    this.#rest = new SourceRest(options.rest);
  }

  resting(nowMs: number): { untilMs: number; why: RestReason } | undefined {
    return this.#rest.resting(nowMs);
  }

  /** False: it is retired. */
  get inUse(): boolean {
    return this.#strain.inUse();
  }

  /** Whether the plan may be asked for more of it. */
  mayAsk(nowMs: number): boolean {
    return this.#strain.inUse() && nowMs >= this.#askAtMs;
  }

  /** The plan was asked, and has more or not. */
  gave(more: boolean, nowMs: number): void {
    this.through = !more;
    this.#askAtMs = more ? nowMs : nowMs + this.#shortMs;
    this.#shortMs = more ? shortMs.first : Math.min(shortMs.last, this.#shortMs * 2);
  }

  /** There is another plan. */
  askAgain(): void {
    this.through = false;
    this.#askAtMs = 0;
    this.#shortMs = shortMs.first;
  }

  /** So many copies are under way, now that one was begun. */
  begun(underWay: number): void {
    this.#underWay = underWay;
    this.#used = Math.max(this.#used, underWay);
  }

  /** How many copies may be under way, now that so many are. */
  places(underWay: number, nowMs: number): number {
    this.#observe(underWay, nowMs);
    if (this.resting(nowMs) || !this.#strain.inUse()) return 0;
    return besideReaders(this.#aimd.level, this.#strain.readers(underWay), this.#strain.operations);
  }

  /** True: it is left alone from now on. */
  ended(end: TurnEnd, nowMs: number): boolean {
    const begins = this.#rest.ended(end, nowMs);
    if (begins) this.#aimd.reset();
    return begins;
  }

  facts(nowMs: number): DrainSourceFacts {
    const rest = this.resting(nowMs);
    return {
      source: this.name,
      concurrency: rest ? 0 : this.#aimd.level,
      p90Ms: this.#strain.latency(windowMs).p90Ms,
      usualMs: this.#aimd.usualMs,
      pausedUntilMs: rest?.untilMs,
      why: rest?.why,
      window: this.window,
    };
  }

  get #windowMs(): number {
    return this.#aimd.slowStart ? firstWindowMs : windowMs;
  }

  #observe(underWay: number, nowMs: number): void {
    this.#underWay = underWay;
    if (nowMs < this.#windowEndsMs) return;
    if (this.#windowEndsMs > 0) this.#aimd.observe({ ...this.#strain.latency(this.#windowMs), used: this.#used });
    this.#used = this.#underWay;
    this.#windowEndsMs = nowMs + this.#windowMs;
  }
}

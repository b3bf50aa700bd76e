/** From when on heat halves at which pace; `halvings` is what the clock showed then. */
export interface ClockSetting {
  readonly sinceMs: number;
  readonly halvings: number;
  readonly halfLifeMs: number;
}

/**
 * Counts half-lives. A view at time t is written down as `2^at(t)` and read as `2^(at(t) - at(now))`: what is written once ages by itself,
 * and whatever was hotter stays so until it is asked for again. With another half-life the clock goes on from where it is, at another pace.
 */
export class HeatClock {
  readonly setting: ClockSetting;

  constructor(setting: ClockSetting) {
    this.setting = setting;
  }

  /** The clock from now on, after one of another half-life. */
  static goingOn(before: ClockSetting, halfLifeMs: number, nowMs: number): HeatClock {
    return new HeatClock({ sinceMs: nowMs, halvings: new HeatClock(before).at(nowMs), halfLifeMs });
  }

  /** Half-lives at this moment; times before the setting count at its pace too. */
  at(ms: number): number {
    const { sinceMs, halvings, halfLifeMs } = this.setting;
    return halvings + (ms - sinceMs) / halfLifeMs;
  }
}

/** The logarithm (base 2) of the sum of two numbers that are given by theirs: the numbers themselves would not fit. */
export function logSum(a: number, b: number): number {
  const [less, more] = a < b ? [a, b] : [b, a];
  return less === Number.NEGATIVE_INFINITY ? more : more + Math.log2(1 + 2 ** (less - more));
}

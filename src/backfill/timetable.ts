import type { Limits } from './limits.ts';

export const minutesOfDay = 24 * 60;
export const minutesOfWeek = 7 * minutesOfDay;

/** What holds at a time: a limit, or nothing may be carried up at all. */
export type Allowed = 'off' | Limits;

/** A span of the week by the clock on the wall. */
export interface Entry {
  /** As it was written. */
  readonly text: string;
  /** Days on which it begins; 0: Sunday. */
  readonly days: readonly number[];
  /** Minutes since midnight; the end is not part of it, and lies on the next day where it is not after the beginning. */
  readonly from: number;
  readonly to: number;
  readonly allowed: Allowed;
}

/** The day of the week (0: Sunday) and the minute of the day that the clock on the wall shows at an instant. */
export type WallClock = (ms: number) => { readonly day: number; readonly minute: number };

/** That of the machine (`TZ`, /etc/localtime). */
export const localClock: WallClock = (ms) => {
  const at = new Date(ms);
  return { day: at.getDay(), minute: at.getHours() * 60 + at.getMinutes() };
};

/** Two entries that hold at the same time. */
export function overlapIn(entries: readonly Entry[]): readonly [Entry, Entry] | undefined {
  const week: (Entry | undefined)[] = new Array(minutesOfWeek).fill(undefined);
  for (const entry of entries) {
    for (const minute of minutesOf(entry)) {
      const before = week[minute];
      if (before !== undefined) return [before, entry];
      week[minute] = entry;
    }
  }
  return undefined;
}

/**
 * Which entry holds when. It goes by the clock on the wall at each instant: an hour that is skipped in spring does not come, one that is
 * repeated in autumn holds twice.
 */
export class Timetable {
  readonly #week: readonly (Entry | undefined)[];
  readonly #clock: WallClock;
  readonly empty: boolean;

  /** `entries`: none overlaps another. */
  constructor(entries: readonly Entry[], clock: WallClock = localClock) {
    const week: (Entry | undefined)[] = new Array(minutesOfWeek).fill(undefined);
    for (const entry of entries) for (const minute of minutesOf(entry)) week[minute] = entry;
    this.#week = week;
    this.#clock = clock;
    this.empty = entries.length === 0;
  }

  /** Undefined: none holds. */
  at(ms: number): Entry | undefined {
    const { day, minute } = this.#clock(ms);
    return this.#week[day * minutesOfDay + minute];
  }

  /** When another entry or none will hold, within the next eight days. Takes some milliseconds: for people who ask, not for a loop. */
  changesAt(ms: number): number | undefined {
    if (this.empty) return undefined;
    const now = this.at(ms);
    const minuteMs = 60_000;
    const first = (Math.floor(ms / minuteMs) + 1) * minuteMs;
    for (let n = 0; n < minutesOfWeek + minutesOfDay; n++) {
      const then = first + n * minuteMs;
      if (this.at(then) !== now) return then;
    }
    return undefined;
  }
}

function* minutesOf({ days, from, to }: Entry): Generator<number> {
  const length = to > from ? to - from : to + minutesOfDay - from;
  for (const day of days) for (let n = 0; n < length; n++) yield (day * minutesOfDay + from + n) % minutesOfWeek;
}

import type { TurnEnd } from './copy-turn.ts';

/** What decides how much of the second lane is under way, and learns how it went. */
export interface BackfillLane {
  /** How many copies from each source may be under way at once, now; told how many are. Sources that are left out: none. */
  places(underWay: ReadonlyMap<string, number>): ReadonlyMap<string, number>;
  /** A copy of this lane was begun; so many from this source are under way now. */
  begun(source: string, underWay: number): void;
  /** A copy of this lane ended; `end` undefined: there was nothing to do any more. */
  ended(source: string, key: string, end: TurnEnd | undefined): void;
}

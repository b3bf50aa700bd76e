import type { OrdersFacts } from './drain-orders.ts';

/** How the backfill gets on, as the drain tells it. Times in milliseconds since the epoch. */
export interface DrainFacts {
  /** Why nothing is carried up although it is ordered to run; undefined: it is, or there is nothing left. */
  readonly why?: string | undefined;
  readonly sources: readonly DrainSource[];
  /** Keys that are wanted now, in the backfill's lane. */
  readonly window: number;
  /** Since the start of the program. */
  readonly copied: { readonly files: number; readonly bytes: number };
  /** What the plan still has; undefined: none was made. */
  readonly left?: { readonly files: number; readonly bytes: number } | undefined;
}

export interface DrainSource {
  readonly source: string;
  /** Copies of the backfill from it at once, now. */
  readonly places: number;
  /** Left alone after errors, until then; undefined: it is not. */
  readonly pausedUntilMs?: number | undefined;
  readonly why?: string | undefined;
}

/** What is ordered, and how it gets on. `drain` undefined: there is none in this phase. */
export interface BackfillFacts extends OrdersFacts {
  readonly drain: DrainFacts | undefined;
}

import type { OrdersFacts } from './drain-orders.ts';

/** How the backfill gets on: what people are told of it, of all that the drain tells. Times in milliseconds since the epoch. */
export interface DrainProgress {
  /** What it does now: `copying`, or in a word why not. */
  readonly state: string;
  readonly sources: readonly DrainSourceProgress[];
  /** In its lane of the ledger, waiting for their turn, or for their time after a failure. */
  readonly waiting: number;
  /** Since the start of the program. */
  readonly copied: { readonly files: number; readonly bytes: number };
  /** What the plan still has; undefined: none was made. */
  readonly left: { readonly files: number; readonly bytes: number } | undefined;
  /** How long that takes; undefined: it cannot be told. */
  readonly eta: { readonly ms: number; readonly assuming: string } | undefined;
}

export interface DrainSourceProgress {
  readonly source: string;
  /** Copies from it that may be under way at once. */
  readonly concurrency: number;
  /** It is left alone until then, and why; undefined: it is not. */
  readonly pausedUntilMs: number | undefined;
  readonly why: string | undefined;
}

/** What is ordered, and how it gets on. `drain` undefined: there is none in this phase. */
export interface BackfillFacts extends OrdersFacts {
  readonly drain: DrainProgress | undefined;
}

import type { DrainSourceFacts } from './drain-source.ts';
import type { Standing } from './orders.ts';
import type { Rate } from './recent-copies.ts';

/** What the backfill does now, and why. */
export type DrainState =
  | 'copying'
  /** By the operator's word. */
  | 'paused'
  /** The store said SlowDown. */
  | 'slowed-down'
  /** Every source that has something left is left alone for a time. */
  | 'sources-paused'
  /** The plan is being made. */
  | 'planning'
  /** Nothing is left in the plan. */
  | 'done'
  /** No plan was made yet: no source was scanned, or the plan is still to come. */
  | 'no-plan';

/** The backfill as the status page shows it. Times in milliseconds since the epoch. */
export interface DrainFacts {
  readonly state: DrainState;
  readonly standing: Standing;
  readonly sources: readonly DrainSourceFacts[];
  /** In the second lane: those that wait for their turn, or after a failure for their time. */
  readonly waiting: number;
  /** Since the start of the process. */
  readonly copied: { readonly files: number; readonly bytes: number };
  readonly lastMinute: Rate;
  readonly lastTenMinutes: Rate;
  /** Left in the plan, what is in the second lane not counted; undefined: there is no plan. */
  readonly left:
    | {
        readonly madeMs: number;
        readonly files: number;
        readonly bytes: number;
        readonly bySource: readonly { readonly source: string; readonly files: number; readonly bytes: number }[];
      }
    | undefined;
  /** Until the plan is through; undefined: nothing was copied lately. */
  readonly eta: { readonly ms: number; readonly assuming: string } | undefined;
}

const assuming =
  'it goes on as in the last ten minutes, at the slower of files and bytes per second; no new files, no pauses';

/** How long it takes to copy what is left, at this rate. */
export function etaOf(
  left: { readonly files: number; readonly bytes: number } | undefined,
  waiting: number,
  { filesPerSecond, bytesPerSecond }: Rate,
): DrainFacts['eta'] {
  if (left === undefined || filesPerSecond === 0) return undefined;
  const byFiles = (left.files + waiting) / filesPerSecond;
  const byBytes = bytesPerSecond === 0 ? 0 : left.bytes / bytesPerSecond;
  return { ms: Math.round(Math.max(byFiles, byBytes) * 1000), assuming };
}

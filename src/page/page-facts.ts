import type { BackfillFacts } from '../backfill/facts.ts';
import type { Sample } from '../history/history.ts';
import type { FailureCount } from '../ledger/failures.ts';
import type { Status } from '../status/status.ts';

/** What the page is made from. */
export interface PageFacts {
  readonly status: Status;
  readonly backfill: BackfillFacts;
  /** Undefined: they are still being counted. */
  readonly failures: readonly FailureCount[] | undefined;
  /** What happened in the last hour, and in the last day. */
  readonly hour: readonly Sample[];
  readonly day: readonly Sample[];
}

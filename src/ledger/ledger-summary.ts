import type { CopyReason, CopyStatus } from './ledger.ts';

export interface Weight {
  readonly status: CopyStatus;
  /** What kind of file it is, by Mastodon's layout: see `weights-schema.ts`. */
  readonly class: string;
  readonly objects: number;
  /** Of those whose size is known: what was never looked at counts none. */
  readonly bytes: number;
}

/** Its key is for those who may see keys: `upstairs failures`. */
export interface Failure {
  readonly reason: CopyReason | undefined;
  /** Given up when, in milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** The ledger in sums. Every question is quick, however many keys there are. */
export interface LedgerSummary {
  weights(): Promise<readonly Weight[]>;
  /** The copy that was given up first, of those that still are. */
  oldestFailure(): Promise<Failure | undefined>;
  /** How many copies were given up after that moment; counted up to a thousand. */
  failedSince(ms: number): Promise<number>;
}

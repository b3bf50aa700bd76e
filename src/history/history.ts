import type { TierShare } from '../ledger/tier-shares.ts';

/** Files, and the sum of their sizes in bytes. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

export interface SourceSample {
  readonly source: string;
  /** How long nine of ten of its operations took at most, in milliseconds; undefined: there were none. In a longer span: the worst of it. */
  readonly latencyMs: number | undefined;
  /** What it could not do. */
  readonly errors: number;
}

/** What happened in a span of time, and how things stood at its end. */
export interface Sample {
  /** In milliseconds since the epoch. */
  readonly endMs: number;
  /** How long the span is, in milliseconds. */
  readonly spanMs: number;
  /** Answers to readers, by tier. */
  readonly answered: readonly TierShare[];
  readonly copied: Amount;
  /** Copies that were given up. */
  readonly failed: number;
  /** What the bucket could not be asked or told. */
  readonly storeErrors: number;
  readonly sources: readonly SourceSample[];
  /** What is upstairs, as far as the ledger and the bucket's listing tell; undefined: not known. */
  readonly above: Amount | undefined;
  /** What is still below and is to be carried up; undefined: no plan was made. */
  readonly below: Amount | undefined;
}

/**
 * How the move went, for graphs: rolled up into longer spans as it ages, so its size does not grow with time. It survives restarts; while the
 * program does not run there is nothing, and that shows as a gap.
 */
export interface History {
  /** Adds what happened since the sample before. A clock may have been put back: what ends earlier than that one stands where its time is. */
  add(sample: Sample): Promise<void>;
  /**
   * What ended after that moment, oldest first, rolled up so that there are at most so many samples. Two of them overlap or leave a gap only
   * where a clock was changed or nobody counted. What a clock that ran ahead has left is told when its time has come.
   */
  since(ms: number, atMost: number): Promise<readonly Sample[]>;
  close(): Promise<void>;
}

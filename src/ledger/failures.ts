import type { CopyReason, FailedFile } from './ledger.ts';

/** `given-up`: not tried again by itself · `waiting`: tried in vain, and tried again later. */
export type FailureState = 'given-up' | 'waiting';

/** A key that could not be copied. Times in milliseconds since the epoch. */
export interface Failure {
  readonly key: string;
  readonly state: FailureState;
  readonly reason: CopyReason;
  /** More about the reason, for people: `EIO at byte 131072 of 900000`. */
  readonly detail: string | undefined;
  /** The file, as far as it was seen. */
  readonly file: FailedFile | undefined;
  /** Tries in vain. */
  readonly tries: number;
  /** Since when it is wanted, or was given up. */
  readonly sinceMs: number;
  /** When it is tried again; undefined: it is not. */
  readonly nextTryMs: number | undefined;
}

/** Where a page ended: the next one begins behind it. */
export type FailureCursor = Pick<Failure, 'reason' | 'state' | 'key'>;

export interface FailureCount {
  readonly reason: CopyReason;
  readonly state: FailureState;
  readonly keys: number;
}

/** What could not be copied: given up, or waiting for the next try. */
export interface Failures {
  /** In order of reason, what was given up first, then key. Undefined `reason`: all. */
  page(after: FailureCursor | undefined, limit: number, reason?: CopyReason): Promise<readonly Failure[]>;
  /** How many, in the same order. Looks at each, in small bites. */
  counts(): Promise<readonly FailureCount[]>;
  /**
   * These are tried again now, as if they had never failed, in the lane in which they were: all, those of a reason, or these keys. Returns how many.
   * Keys that are no failures stay what they are. In small bites; durable when the promise resolves.
   */
  retry(
    which: 'all' | { readonly reason: CopyReason } | { readonly keys: readonly string[] },
    nowMs: number,
  ): Promise<number>;
  close(): Promise<void>;
}

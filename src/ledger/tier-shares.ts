/** Answers to readers, by the tier that gave them. */
export interface TierShare {
  /** `cache`, `bucket`, a source's name; `none`: refused, missing, or nobody could answer. */
  readonly tier: string;
  readonly requests: number;
  /** Of bodies. */
  readonly bytes: number;
}

/** Who answered readers, remembered for the last day by the time and for all time in sum. Its size does not grow with time. */
export interface TierShares {
  /** Adds answers that were given about now. */
  add(shares: readonly TierShare[], nowMs: number): Promise<void>;
  /** Answers since then, to within some minutes; at most a day back. In milliseconds since the epoch. Undefined: all there ever were. */
  since(ms: number | undefined): Promise<readonly TierShare[]>;
}

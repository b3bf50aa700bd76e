/** So often a key was asked for, about then. */
export interface Views {
  readonly key: string;
  /** Above 0. */
  readonly views: number;
  /** Milliseconds since the epoch; a time that is still to come counts as now. */
  readonly atMs: number;
}

/** A key's heat, and its place in the order of all. */
export interface KnownHeat {
  readonly key: string;
  /** Views, aged to now. */
  readonly heat: number;
  /** Says where the next page begins, and nothing else. */
  readonly place: number;
}

/** How far a log was read. It is known by what it begins with, wherever it lies, whatever it is called, and also once it is packed. */
export interface LogRead {
  /** So many of its first bytes, unpacked, tell it from others: all that were read, up to a few KiB. */
  readonly headBytes: number;
  /** SHA-256 of these, in hex. */
  readonly headHash: string;
  /** So many of its bytes were read, unpacked. */
  readonly takenBytes: number;
  readonly takenHash: string;
}

/**
 * How often keys are asked for, ageing: a view counts half after a half-life. Durable, and bounded: past so many keys the coldest are
 * forgotten. A guess about the future, and nothing that a promise hangs on.
 */
export interface Heat {
  /** All of them together or none; `read`: and how far the log was read that told of them. At most some hundred in one call. */
  add(views: readonly Views[], nowMs: number, read?: LogRead): Promise<void>;
  /** The keys that are known, and how often each was asked for, aged to now. */
  of(keys: readonly string[], nowMs: number): Promise<ReadonlyMap<string, number>>;
  /** The hottest keys, the hottest first, after this one. Quick, however many are known. */
  hottest(
    after: Pick<KnownHeat, 'key' | 'place'> | undefined,
    limit: number,
    nowMs: number,
  ): Promise<readonly KnownHeat[]>;
  /** How many keys are known. */
  keys(): Promise<number>;
  /** Logs that were read, the newest first; old ones are forgotten in the end. */
  logs(): Promise<readonly LogRead[]>;
  close(): Promise<void>;
}

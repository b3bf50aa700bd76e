/** The durable facts about one key that were decided through the write host. */
export interface Mark {
  /** Rises by one with every decision; never used again for this key. 0: never marked. */
  readonly generation: number;
  /** May sources still be used for it? */
  readonly below: 'open' | 'closed';
  /** `unset`: the bucket's ACL and the file's mode decide. */
  readonly shown: 'unset' | 'public' | 'private' | 'gone';
}

export const unmarked: Mark = { generation: 0, below: 'open', shown: 'unset' };

/** PutObject, CopyObject and CompleteMultipartUpload are all `put`. */
export type MutationKind = 'delete' | 'put' | 'acl-private' | 'acl-public';

/** A mutation that was begun, as it is asked for. */
export interface NewIntent {
  /** A PUT's object carries it as `x-amz-meta-upstairs-intent`: tells later whether it landed. */
  readonly id: string;
  readonly kind: MutationKind;
  /** `put` only: what it shows once it has landed. */
  readonly shows?: 'unset' | 'public' | 'private';
  /** `put` of an object that cannot carry the id (CopyObject keeps the source's metadata): its ETag, without quotes. */
  readonly etag?: string;
}

/** A mutation on record before its request is forwarded, until its outcome is settled. */
export interface Intent extends NewIntent {
  /** The mark's generation that it made. */
  readonly generation: number;
  /** The facts before it: given back if the store refuses it. */
  readonly before: Pick<Mark, 'below' | 'shown'>;
}

/** Everything that `marks.db` knows of one key. */
export interface MarkRecord {
  readonly mark: Mark;
  readonly intents: readonly Intent[];
}

/** A mark, told by its generation. */
export interface NamedMark {
  readonly key: string;
  readonly generation: number;
}

export const noMarks: MarkRecord = { mark: unmarked, intents: [] };

/** Async, so that a database on another machine can stand behind it. */
export interface Marks {
  /** `unmarked` where nothing was ever decided. What readers ask. */
  get(key: string): Promise<Mark>;
  record(key: string): Promise<MarkRecord>;
  /**
   * Gives each key's record to `change` and keeps what it returns: all keys in one transaction, nothing in between. Durable when the
   * promise resolves; returns the new records. `change` is pure. `nowMs`: milliseconds since the epoch.
   */
  update(
    keys: readonly string[],
    change: (record: MarkRecord, key: string) => MarkRecord,
    nowMs: number,
  ): Promise<ReadonlyMap<string, MarkRecord>>;
  /** Keys with intents whose outcome is not settled. */
  unsettled(): Promise<readonly string[]>;
  /**
   * Marks that may be needed no more: settled, unchanged and not put off since; oldest first. `private` ones are never among them, nor
   * those that show what a file's own mode hides (`open` and `public`).
   */
  droppable(beforeMs: number, limit: number): Promise<readonly NamedMark[]>;
  /**
   * What was found out about them: `nowhere` forgets it, `below` keeps it for good, `later` puts it off. Only marks that are still of this
   * generation and have no intents. Generations of those forgotten are not used again.
   */
  review(
    verdicts: readonly (NamedMark & { readonly verdict: 'nowhere' | 'below' | 'later' })[],
    nowMs: number,
  ): Promise<void>;
  /** Remembers these sources for good. Returns those that it knew before and that are not among them. */
  knowSources(names: readonly string[]): Promise<readonly string[]>;
  /** How many intents are not settled. */
  openIntents(): Promise<number>;
  /** Of the keys with such intents, when the one that was left longest was last changed, in milliseconds since the epoch; undefined: none is. */
  oldestIntentMs(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** The durable facts about one key that were decided through the write host. */
export interface Mark {
  /** Rises by one with every change; never used again. 0: never marked. */
  readonly generation: number;
  /** May sources still be used for it? */
  readonly below: 'open' | 'closed';
  /** `unset`: the bucket's ACL and the file's mode decide. */
  readonly shown: 'unset' | 'public' | 'private' | 'gone';
}

export const unmarked: Mark = { generation: 0, below: 'open', shown: 'unset' };

/** Async, so that a database on another machine can stand behind it. */
export interface Marks {
  /** `unmarked` where nothing was ever decided. */
  get(key: string): Promise<Mark>;
  /** Changes what is named, as a new generation; durable when the promise resolves. Returns the new mark. */
  change(key: string, facts: Partial<Pick<Mark, 'below' | 'shown'>>): Promise<Mark>;
  close(): Promise<void>;
}

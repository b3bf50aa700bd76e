import type { CopyReason, CopyStatus } from './copy-status.ts';

/** What the ledger says of one key, with what went along when it was copied. */
export interface RecordedCopy {
  readonly key: string;
  readonly status: CopyStatus;
  /** Of the file that was read for the copy: its source's name, its size in bytes, its MD5 in hex, its mtime in decimal seconds. */
  readonly source: string | undefined;
  readonly size: number | undefined;
  readonly md5: string | undefined;
  readonly mtime: string | undefined;
  /** Why it was put off or given up, and more about that, for people. */
  readonly reason: CopyReason | undefined;
  readonly detail: string | undefined;
}

/** The ledger as a proof reads it: from one end to the other. */
export interface RecordedCopies {
  /** In order of key (by its UTF-8 bytes), after this one; keys of which nothing but looks is on record are left out. */
  page(after: string | undefined, limit: number): Promise<readonly RecordedCopy[]>;
  /** One key as it is now. */
  copy(key: string): Promise<RecordedCopy | undefined>;
}

/** One file of a source, as a scan last saw it. */
export interface SourceFile {
  readonly key: string;
  /** The source's name. */
  readonly source: string;
  /** In bytes. */
  readonly size: number;
  /** mtime in microseconds since the epoch, rounded down. */
  readonly mtimeUs: number;
  /** Permission bits (`mode & 0o7777`). */
  readonly mode: number;
}

/** What a scan met that is not a file it can move: a closed set. */
export type FindingKind =
  /** A name that is no key: invalid UTF-8, control characters, a dot file, `_upstairs`, too long. */
  | 'odd-name'
  /** A directory that could not be listed. */
  | 'unlistable'
  /** A name whose kind and size could not be learned. */
  | 'unreadable'
  /** A symlink that is not followed. */
  | 'symlink'
  /** A directory that was met before, by another way. */
  | 'loop'
  /** A directory on another file system than the source's root. */
  | 'other-file-system'
  /** A socket, a FIFO, a device. */
  | 'not-a-file'
  /** A line of a manifest that could not be read. */
  | 'bad-line';

export interface Finding {
  readonly source: string;
  readonly kind: FindingKind;
  /** Relative to the source's root; what does not print is escaped. */
  readonly path: string;
  /** The system's error code, or the problem with the name. */
  readonly detail: string | undefined;
}

/** How a scan of a source went. Times in milliseconds since the epoch. `files` and `bytes` count what an earlier scan saw where this one could not look. */
export interface ScanRecord {
  readonly source: string;
  readonly by: 'walk' | 'manifest';
  readonly beganMs: number;
  /** Undefined: it did not come to its end (yet). */
  readonly endedMs: number | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly added: number;
  readonly changed: number;
  readonly vanished: number;
  readonly findings: number;
}

/** What the sources hold, as far as scans have told. Reads are pages; memory is that of one page. */
export interface Files {
  /** Files of all sources in order of key (by its UTF-8 bytes), then source name; after this one. */
  page(after: { key: string; source: string } | undefined, limit: number): Promise<readonly SourceFile[]>;
  /** The same key in each source that has it. */
  of(key: string): Promise<readonly SourceFile[]>;
  /** Of each source's newest scan that ended; of the one under way while none did. In order of source and path; the offset counts from 0. */
  findings(offset: number, limit: number): Promise<readonly Finding[]>;
  /** The same, counted by kind, with so many examples of each. Takes as long as there are many: not for a thread that serves. */
  findingsByKind(
    source: string,
    examples: number,
  ): Promise<readonly { readonly kind: FindingKind; readonly count: number; readonly examples: readonly Finding[] }[]>;
  /**
   * For each source that was ever scanned: the newest scan that ended, a newer one that did not, if there is one, and when any scan last met
   * a file that was new or had changed.
   */
  scans(): Promise<
    readonly {
      readonly last: ScanRecord | undefined;
      readonly open: ScanRecord | undefined;
      readonly newsMs: number | undefined;
    }[]
  >;
  /** What each source that was ever scanned holds now. Kept, not counted. */
  totals(): Promise<readonly { readonly source: string; readonly files: number; readonly bytes: number }[]>;
  close(): Promise<void>;
}

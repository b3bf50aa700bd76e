import type { Finding, ScanRecord, SourceFile } from './files.ts';

/** A scan that is under way, or was broken off. */
export interface OpenScan {
  readonly id: number;
  readonly source: string;
  readonly by: ScanRecord['by'];
  /** How far it came, in the words of whoever put the batches; undefined: it stands at its beginning. */
  readonly cursor: string | undefined;
  /** What the newest scan of this source that ended went through; undefined: there was none, or nobody knows. */
  readonly before: string | undefined;
}

export interface ScanBeginning {
  readonly fresh: boolean;
  /** What tells what is scanned from something else at the same place. Undefined: nobody knows. */
  readonly fingerprint?: string | undefined;
  readonly nowMs: number;
}

export type SeenFile = Omit<SourceFile, 'source'>;
export type SeenFinding = Omit<Finding, 'source'>;

/** What a scan saw since its last batch. */
export interface ScanBatch {
  readonly files: readonly SeenFile[];
  readonly findings: readonly SeenFinding[];
  /** How far it has come with this; undefined: it cannot be taken up again. */
  readonly cursor: string | undefined;
  /** In milliseconds since the epoch. */
  readonly nowMs: number;
}

/** The writing side of `Files`: one scan of a source at a time. A promise resolves when what it wrote is committed. */
export interface ScanWriter {
  /**
   * Takes up the scan of this source that was broken off, if it went the same way through the same thing, has a cursor, and `fresh` is not
   * asked; else begins.
   */
  begin(source: string, by: ScanRecord['by'], options: ScanBeginning): Promise<OpenScan>;
  /** In one transaction. A file that was put before is not counted again. At most some thousand files. */
  put(scan: OpenScan, batch: ScanBatch): Promise<void>;
  /**
   * What was known at this key and below it stays: it could not be looked at, which is no proof that it vanished. To be called before the
   * cursor that leaves it behind is put.
   */
  keep(scan: OpenScan, key: string): Promise<void>;
  /** Whether something that was known was not seen, and would be taken out. */
  misses(scan: OpenScan): Promise<boolean>;
  /** How it stands. */
  record(scan: OpenScan): Promise<ScanRecord>;
  /**
   * The source was looked through to its end: what was not seen is taken out as vanished, in many short transactions, and the scan has ended.
   * Once aborted, rejects with the signal's reason; the next scan that ends does the rest.
   */
  end(scan: OpenScan, options: { nowMs: () => number; signal: AbortSignal }): Promise<ScanRecord>;
  close(): Promise<void>;
}

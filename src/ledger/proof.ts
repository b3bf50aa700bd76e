/** How much a verification looked at: `recorded` moves no bytes; `download` re-read a share of the bucket; `source` the disks too. */
export type VerifyMode = 'recorded' | 'download' | 'source';

/** The result of a verification, as it is kept. Times in milliseconds since the epoch. */
export interface Verification {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly mode: VerifyMode;
  /** Percent of the objects whose bytes were read again; 0 with `recorded`. */
  readonly percent: number;
  /** The sources that it was about, by name. */
  readonly sources: readonly string[];
  /** Every file below is in the bucket and equal, or excepted. */
  readonly clean: boolean;
  /** Files by verdict. */
  readonly counts: {
    readonly equal: number;
    readonly onlyBelow: number;
    readonly onlyAbove: number;
    readonly different: number;
    readonly error: number;
    readonly excepted: number;
  };
  /** Hash over the ledger's state that it was about, in hex. */
  readonly stateHash: string;
}

export interface Verifications {
  record(verification: Verification): Promise<void>;
  /** The newest that was about this source. */
  last(source: string): Promise<Verification | undefined>;
}

/** When sources last had to answer a reader. */
export interface SourceUse {
  /** Begins to watch a source, if it is not watched yet: before that nothing is known of it. */
  watch(source: string, nowMs: number): Promise<void>;
  /** A reader was answered from it. At most one write a minute and source. */
  answered(source: string, nowMs: number): Promise<void>;
  /** Undefined: never watched. `lastMs` undefined: nobody since it is watched. */
  of(source: string): Promise<{ readonly watchedMs: number; readonly lastMs: number | undefined } | undefined>;
}

/** Sources that were taken out of the read path, by name. */
export interface Retired {
  retire(source: string, nowMs: number): Promise<void>;
  /** The way back. */
  restore(source: string): Promise<void>;
  all(): Promise<readonly { readonly source: string; readonly sinceMs: number }[]>;
}

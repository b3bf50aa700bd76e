/** How much a verification looked at: `recorded` moves no bytes; `download` re-read a share of the bucket; `source` the disks too. */
export type VerifyMode = 'recorded' | 'download' | 'source';

/** The result of a verification, as it is kept. Times in milliseconds since the epoch. */
export interface Verification {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly mode: VerifyMode;
  /** Percent of the objects whose bytes were read again; 0 with `recorded`. */
  readonly percent: number;
  /** What chose them, where it was a sample; undefined: none, all, or it was not kept. */
  readonly seed?: string | undefined;
  /** The sources that it was about, by name. */
  readonly sources: readonly string[];
  /** By source: when a scan had last met something new or changed there, as this began. Undefined: it was not kept, or nothing ever was. */
  readonly newsMs?: Readonly<Record<string, number>> | undefined;
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
  /** The newest that was about this source; or one that was not clean, until a clean one has looked at least as closely. */
  last(source: string): Promise<Verification | undefined>;
  /** The ledger is put back to what it was: what was proven is not proven any more, and what was found wrong still counts. */
  forgetProven(): Promise<void>;
}

/** What is known of a source's use. Times in milliseconds since the epoch. */
export interface KnownUse {
  /** Since when it is watched. */
  readonly watchedMs: number;
  /** When a reader last needed it; undefined: nobody since it is watched. */
  readonly lastMs: number | undefined;
  /** How long `serve` has run, with this source in use, since then or since it is watched: in milliseconds, and only what ran. */
  readonly quietMs: number;
}

/** When sources last had to answer a reader. Every call is a write of its own: whoever answers readers gathers them (`UseWatch`). */
export interface SourceUse {
  /** Begins to watch sources that are not watched yet: before that nothing is known of them. */
  watch(sources: readonly string[], nowMs: number): Promise<void>;
  /** A reader needed it: its quiet time begins anew. */
  answered(source: string, nowMs: number): Promise<void>;
  /** So long has `serve` run, in milliseconds, and nobody needed these. */
  passed(sources: readonly string[], ms: number): Promise<void>;
  /** Their quiet time begins anew. */
  beginQuietAnew(sources: readonly string[]): Promise<void>;
  /** Undefined: never watched. */
  of(source: string): Promise<KnownUse | undefined>;
}

/** Sources that were taken out of the read path, by name. */
export interface Retired {
  /** One that is retired already stays so since when it was. */
  retire(source: string, nowMs: number): Promise<void>;
  /** The way back. Its quiet time begins anew: that nobody was answered from it meanwhile proves nothing. */
  restore(source: string): Promise<void>;
  all(): Promise<readonly { readonly source: string; readonly sinceMs: number }[]>;
}

import type { SourceFile } from '../ledger/files.ts';

/** A file of the plan: below, and not known to be above. */
export interface PlannedFile extends Pick<SourceFile, 'key' | 'source' | 'size'> {
  /** Where it stands in the plan: what comes first has the lowest. */
  readonly rank: number;
}

/** What is to be carried up, in the order that brings the most readers upstairs per byte. Durable: a restart goes on with it. */
export interface Plan {
  /**
   * Makes it anew from the last scans, the last listing, the copies and the heat. In small bites: the event loop goes on turning. The one
   * before stays in force until this one is whole.
   */
  make(signal: AbortSignal): Promise<{ readonly files: number; readonly bytes: number }>;
  /** What comes first and was not taken yet. Empty: nothing is left, or no plan was made. `without`: sources that are to be left alone now. */
  next(limit: number, without: ReadonlySet<string>): Promise<readonly PlannedFile[]>;
  /** These are in the ledger now, or need not be: `next` does not give them again. */
  took(files: readonly PlannedFile[]): Promise<void>;
  /** What is left of it, by source, and when it was made, in milliseconds since the epoch; undefined: none was made. */
  left(): Promise<
    | {
        readonly madeMs: number;
        readonly bySource: readonly { readonly source: string; readonly files: number; readonly bytes: number }[];
      }
    | undefined
  >;
}

import type { SeenFile, SeenFinding } from '../ledger/scan-writer.ts';
import { OperatorError } from '../lib/operator-error.ts';

/** What was met since the last step. */
export interface ListingStep {
  readonly files: readonly SeenFile[];
  readonly findings: readonly SeenFinding[];
  /** Keys at and below which nothing could be learned. */
  readonly unknown: readonly string[];
  /** Names or lines, whatever they were. */
  readonly entries: number;
  /** Where the listing can go on after this step; undefined: nowhere. */
  readonly cursor: string | undefined;
  /** Where it is, for people. */
  readonly at: string;
  /** False: an operation of it hangs, and the disk has not shown since that it is alive. Not to be recorded before a later step that is. */
  readonly settled: boolean;
}

/** Everything that a source holds, told step by step; a step has some hundred entries at most, and memory does not grow with their number. */
export interface SourceListing {
  readonly by: 'walk' | 'manifest';
  /** What tells what is listed from something else at the same place: a cursor is good for that alone. Undefined: none is good. */
  readonly fingerprint: string | undefined;
  /** From after the cursor of an earlier listing. Ends when all was told. Rejects with the signal's reason, or with a `SourceListingError`. */
  steps(cursor: string | undefined, signal: AbortSignal): AsyncIterable<ListingStep>;
  /** Resolves when what was told until now is known to be of this source still. Rejects with `SourceListingError` LOST or HUNG. */
  intact(): Promise<void>;
}

/** What makes a manifest, in `public/system` on the machine that has it. GNU find. A symlink is told: what lies behind it is not. */
export const manifestCommand = String.raw`find . ! -type d -printf '%s %T@ %y%m %p\0'`;

export type SourceListingErrorCode =
  /** The source is not there, or not to be read at all. */
  | 'SOURCE_ABSENT'
  /** It went away, or another one took its place. */
  | 'SOURCE_LOST'
  /** It does not answer any more. */
  | 'SOURCE_HUNG'
  /** The manifest is none, or was cut. */
  | 'MANIFEST_WRONG';

/** Why a source cannot be listed to its end. */
export class SourceListingError extends OperatorError<SourceListingErrorCode> {}

import type { ObjectFacts } from '../bucket/object-store.ts';
import type { FailedFile, Lane } from '../ledger/ledger.ts';
import type { Digests } from '../lib/part-digests.ts';
import type { SourceBody } from '../media/body.ts';
import type { CopyOutcome } from '../protocol/state.ts';
import type { CopyUpload } from './copy-upload.ts';

/** How a turn with a key ended. */
export interface TurnEnd {
  readonly outcome: CopyOutcome;
  readonly givenUp: boolean;
  /** Uploaded by this turn. */
  readonly bytes: number;
}

/** One turn with a key: what was taken along, and what to leave behind. */
export interface Turn {
  readonly key: string;
  readonly what: 'copy' | 'look';
  readonly lane: Lane;
  readonly signal: AbortSignal;
  body: SourceBody | undefined;
  digests: Digests;
  readonly upload: CopyUpload;
  /** A read or an upload was begun. */
  tried: boolean;
  /** What the last look found. */
  seen: ObjectFacts | undefined;
  /** Not to be tried again before. */
  notBeforeMs: number | undefined;
  /** It had to delete or change the ACL of what it found. */
  mended: boolean;
  /** A mutation was recorded without the lease. */
  disturbed: boolean;
  /** More about why it did not succeed. */
  detail: string | undefined;
  /** What could not be had, where there is no body. */
  failed: FailedFile | undefined;
  /** Called when the store has confirmed it. */
  readonly stored: (() => void) | undefined;
}

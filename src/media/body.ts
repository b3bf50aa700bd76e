import type { Readable } from 'node:stream';
import type { CopyReason, FailedFile } from '../ledger/ledger.ts';
import type { ByteRange } from '../lib/byte-range.ts';
import type { ObjectMeta } from '../lib/object-meta.ts';
import type { Digests } from '../lib/part-digests.ts';

/** The bytes of one object, readable several times and from any offset while it is held. */
export interface Body {
  /** May gain an `etag` once the content's MD5 is known. */
  readonly meta: ObjectMeta;
  /** All bytes, where they are in memory anyway. Shared: nobody may write to it. */
  readonly bytes: Buffer | undefined;
  /** A range, or all. The stream errors, and never ends short, when the bytes cannot be had. */
  open(range?: ByteRange): Promise<Readable>;
  /** Lets go. Streams that were opened go on; call it when they have closed. Idempotent. */
  release(): void;
}

/** Why a copy cannot have an object. */
export interface NotHad {
  readonly reason: CopyReason;
  /** More about it, for people; undefined: there is no more. */
  readonly detail?: string | undefined;
  /** What was seen of it. */
  readonly failed?: FailedFile | undefined;
}

/** A body that is being read, or was read, from a source: what a copy needs. */
export interface SourceBody extends Body {
  /** The source's name. */
  readonly source: string;
  /** mtime in decimal seconds, rclone's format. */
  readonly mtime: string;
  /** Not for the public unless a mark says so. */
  readonly private: boolean;
  /**
   * Resolves when every byte is here and the file was the same before and after. Rejects with what broke the read
   * (`SourceReadError`, `SpoolError`). What is too large for one upload request has the digests of its parts, too.
   */
  whole(): Promise<Digests>;
  /**
   * Set where the bytes are not kept: each `open` reads the source anew. Whether that still has the object which `whole` has read.
   */
  readonly unchanged?: () => Promise<boolean>;
}

import type { Readable } from 'node:stream';
import type { ByteRange } from '../lib/byte-range.ts';
import type { ObjectMeta } from '../lib/object-meta.ts';

/** Why a source could not be asked. None of these says anything about an object (invariant I8). */
export type SourceTrouble = 'timeout' | 'busy' | 'denied' | 'not-mounted' | 'io' | 'descriptors';

/**
 * What an object is opened for. `facts`: nobody means to read, so that a source far away sends none of the bytes; all the same, they can be
 * read. `bytes-behind`: nobody waits for them, and where that can be, they are read behind those that somebody waits for.
 */
export type Wanted = 'facts' | 'bytes' | 'bytes-behind';

/** An object held open on a source. */
export interface SourceObject {
  readonly meta: ObjectMeta;
  /** mtime in decimal seconds with all the digits the source knows, as rclone writes it. */
  readonly mtime: string;
  /** Readable neither by group nor by others: not for the public unless a mark says so. */
  readonly private: boolean;
  /** The bytes of a range, or all. Errors (`SourceReadError`) instead of ending short. Several may be open at once. */
  read(range?: ByteRange): Readable;
  /** Somebody waits for the bytes now. */
  hurry?(): void;
  /** Whether the object is still the one that was opened: same size, mtime and inode or validator. */
  unchanged(): Promise<boolean>;
  /** Lets go of the descriptor or connection, once its streams have closed. Idempotent; never waits for a hung disk. */
  close(): void;
}

export type SourceAnswer =
  | { readonly kind: 'found'; readonly object: SourceObject }
  | { readonly kind: 'missing' }
  /** It exists, is not for the public, and cannot be read by this process either. */
  | { readonly kind: 'private' }
  /** It exists, but the medium gives it no more (EIO). */
  | { readonly kind: 'damaged'; readonly cause: unknown }
  | { readonly kind: 'unavailable'; readonly trouble: SourceTrouble; readonly cause?: unknown };

/**
 * An old place that still holds media. `open` answers within the source's deadline even when the medium hangs, and throws
 * nothing but the caller's own abort. Only what is exactly at `key` is found: no other spelling opens the same bytes.
 */
export interface Source {
  /** Its name in the configuration: the tier that `Cache-Status` and the metrics show. */
  readonly name: string;
  /** `wanted`: `bytes` where it is left out. */
  open(key: string, signal: AbortSignal, wanted?: Wanted): Promise<SourceAnswer>;
}

export type SourceReadCode = 'EIO' | 'TIMEOUT' | 'CHANGED' | 'BUSY' | 'BROKEN';

/**
 * A read that broke off: the medium failed (`EIO`), or did not answer in time (`TIMEOUT`), or the file was cut short or is another one
 * (`CHANGED`), or the way to it broke (`BROKEN`), or there was no place for it (`BUSY`).
 */
export class SourceReadError extends Error {
  override readonly name = 'SourceReadError';
  readonly code: SourceReadCode;
  /** What happened, for people: `EIO at byte 131072 of 900000`. */
  readonly detail: string;
  constructor(code: SourceReadCode, message: string, { detail, ...options }: ErrorOptions & { detail?: string } = {}) {
    super(message, options);
    this.code = code;
    this.detail = detail ?? message;
  }
}

import type { Readable } from 'node:stream';
import type { MendAnswer, PutAnswer, Upload } from './object-store.ts';

/** What an object of many parts will be, told when its upload begins. */
export type PartedObject = Omit<Upload, 'onlyIfAbsent' | 'bytes'>;

export interface Part {
  /** From 1. */
  readonly number: number;
  readonly size: number;
  /** Hex. */
  readonly md5: string;
  readonly bytes: () => Promise<Readable>;
}

/** Nothing became visible, whatever became of the request. `status` undefined: no answer came. */
export interface NotTaken {
  readonly kind: 'not-taken';
  readonly status: number | undefined;
  readonly code: string;
  readonly slowDown: boolean;
  /** What broke the part's own bytes. */
  readonly cause?: unknown;
}

/**
 * Uploads in parts, which become an object, all at once, when they are completed: S3's multipart uploads. Signed, without retries, each
 * call one request. Nothing is thrown for what a store can answer.
 */
export interface PartStore {
  /** Metadata and ACL are those of the object to come. */
  begin(
    object: PartedObject,
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'begun'; readonly uploadId: string } | NotTaken>;
  /** Sending the same part again replaces it. */
  send(
    key: string,
    uploadId: string,
    part: Part,
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'taken'; readonly etag: string } | NotTaken>;
  /**
   * Makes the object of these parts. `onlyIfAbsent` is asked for with `If-None-Match: *`: stores that heed it elsewhere may ignore it
   * here (Ceph does), and then replace what is there.
   */
  complete(
    key: string,
    uploadId: string,
    etags: readonly string[],
    onlyIfAbsent: boolean,
    signal: AbortSignal,
  ): Promise<PutAnswer>;
  /** Frees what was sent. `missing`: the store knows no such upload, since it was completed or aborted. */
  abort(key: string, uploadId: string): Promise<MendAnswer>;
}

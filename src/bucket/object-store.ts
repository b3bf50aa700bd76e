import type { Readable } from 'node:stream';
import type { Unavailable } from './bucket.ts';

export type Acl = 'public' | 'private';

/** One upload: a single PutObject with a length and a Content-MD5. */
export interface Upload {
  readonly key: string;
  /** Attempt id, kept as `x-amz-meta-upstairs-copy`: tells later whose object this is. */
  readonly id: string;
  readonly size: number;
  readonly md5: Buffer;
  readonly acl: Acl;
  readonly contentType: string;
  readonly cacheControl: string;
  /** The source's mtime in decimal seconds, rclone's format: `1614834367.123456`. */
  readonly mtime: string;
  /** `If-None-Match: *`: refuse to replace whatever is there. */
  readonly onlyIfAbsent: boolean;
  readonly bytes: () => Promise<Buffer | Readable>;
}

export type PutAnswer =
  /** The store confirmed it: 200, and its ETag is the content's MD5 wherever it has the form of one. */
  | { readonly kind: 'stored' }
  /** 412: something is there already. */
  | { readonly kind: 'exists' }
  /** Another 4xx: nothing was stored. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** No answer, 5xx, or cut: it may be there, or may still land. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly slowDown: boolean };

/** An object as the reconciler sees it. */
export interface ObjectFacts {
  /** `x-amz-meta-upstairs-copy`, if one of our copies made it. */
  readonly copyId?: string;
  /** `x-amz-meta-upstairs-intent`, if a client's upload through the write host made it. */
  readonly intentId?: string;
  /** As the store gives it, without quotes. */
  readonly etag?: string;
  /** MD5 in hex, from `x-amz-meta-md5chksum` or an ETag of that form; absent when it cannot be known. */
  readonly md5?: string;
  readonly size: number;
  readonly acl: Acl;
}

export type Look =
  | { readonly kind: 'object'; readonly facts: ObjectFacts }
  | { readonly kind: 'missing' }
  | Unavailable;

export type MendAnswer = 'done' | 'missing' | 'refused' | 'unknown';

/**
 * The destination as the copier writes it: signed, without retries, each call one request (a look is two). Nothing is thrown for what
 * a store can answer; an abort gives `unknown`.
 */
export interface ObjectStore {
  put(upload: Upload, signal: AbortSignal): Promise<PutAnswer>;
  look(key: string): Promise<Look>;
  setAcl(key: string, acl: Acl): Promise<MendAnswer>;
  delete(key: string): Promise<MendAnswer>;
}

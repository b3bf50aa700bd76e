import type { Readable } from 'node:stream';
import type { ByteRange } from '../lib/byte-range.ts';
import type { ObjectMeta } from '../lib/object-meta.ts';

/** Why the bucket could not be asked. None of these says anything about an object (invariant I8). */
export type BucketTrouble =
  | 'connect'
  | 'timeout'
  | 'server-error'
  | 'slow-down'
  | 'refused'
  | 'breaker-open'
  | 'identity'
  | 'busy'
  | 'protocol';

export interface Unavailable {
  readonly kind: 'unavailable';
  readonly trouble: BucketTrouble;
  readonly cause?: unknown;
}

/** The answer for a bucket that could not be asked. */
export function unavailable(trouble: BucketTrouble, cause?: unknown): Unavailable {
  return cause === undefined ? { kind: 'unavailable', trouble } : { kind: 'unavailable', trouble, cause };
}

/** What a reader may ask of an object whose length is not known yet: RFC 9110 §14.1.2, one range. */
export type RangeHint = { readonly first: number; readonly last?: number } | { readonly suffix: number };

export type BucketRead =
  /** `range` is what `bytes` holds; undefined: the whole object. The caller must consume or destroy `bytes`. */
  | { readonly kind: 'found'; readonly meta: ObjectMeta; readonly range?: ByteRange; readonly bytes: Readable }
  /** The object is there, but holds none of the bytes that were asked for. */
  | { readonly kind: 'unsatisfiable'; readonly meta: ObjectMeta }
  | { readonly kind: 'missing' }
  /** It exists and its ACL hides it from the public. */
  | { readonly kind: 'private' }
  | Unavailable;

export type BucketHead =
  | { readonly kind: 'found'; readonly meta: ObjectMeta }
  | { readonly kind: 'missing' }
  | { readonly kind: 'private' }
  | Unavailable;

/**
 * The destination as readers see it. Answers tell "missing" from "private" from "could not be asked";
 * nothing is thrown but the caller's own abort. `bytes` errors when the store breaks off: a stream that ends
 * has given exactly the bytes that were announced.
 */
export interface Bucket {
  get(key: string, hint: RangeHint | undefined, signal: AbortSignal): Promise<BucketRead>;
  head(key: string, signal: AbortSignal): Promise<BucketHead>;
}

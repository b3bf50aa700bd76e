import type { ObjectMeta } from '../lib/object-meta.ts';

/** A whole object near the reader. `bytes` is shared: nobody may write to it. */
export interface CachedObject {
  readonly meta: ObjectMeta;
  readonly bytes: Buffer;
  readonly storedAtMs: number;
}

/** Bytes kept near the reader for at most the configured time. Bounded in bytes; an object above the limit is not kept. */
export interface EdgeCache {
  /** Objects larger than this, in bytes, are never kept. */
  readonly maxObjectBytes: number;
  get(key: string): CachedObject | undefined;
  /** Seconds-to-live left in milliseconds; 0 when not kept. */
  ttlLeftMs(key: string): number;
  set(key: string, object: CachedObject): void;
  delete(key: string): void;
}

import { LRUCache } from 'lru-cache';
import type { CachedObject, EdgeCache } from './edge-cache.ts';

/** What an entry costs beside its bytes: key, headers, map slots. Keeps a cache of tiny objects within its size. */
const overheadBytes = 1024;

/** The memory tier: least recently used leaves first. Sizes in bytes, `ttlMs` in milliseconds. */
export class MemoryCache implements EdgeCache {
  readonly maxObjectBytes: number;
  readonly #entries: LRUCache<string, CachedObject>;

  constructor(options: { maxBytes: number; maxObjectBytes: number; ttlMs: number }) {
    this.maxObjectBytes = Math.min(options.maxObjectBytes, options.maxBytes - overheadBytes);
    this.#entries = new LRUCache({
      maxSize: Math.max(1, options.maxBytes),
      sizeCalculation: (object, key) => object.bytes.length + key.length + overheadBytes,
      ttl: options.ttlMs,
    });
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get objects(): number {
    return this.#entries.size;
  }

  get(key: string): CachedObject | undefined {
    return this.#entries.get(key);
  }

  ttlLeftMs(key: string): number {
    return this.#entries.getRemainingTTL(key);
  }

  set(key: string, object: CachedObject): void {
    if (object.bytes.length > this.maxObjectBytes) return;
    this.#entries.set(key, object);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

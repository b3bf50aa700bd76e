import { LRUCache } from 'lru-cache';
import type { Bucket, BucketHead, BucketRead, RangeHint } from './bucket.ts';

/**
 * Learned absence: "the bucket answered missing", remembered for seconds, in memory only, so that a key that is being copied is
 * not asked of the bucket by every reader. Only a believed absence is remembered, never an outage.
 */
export class RememberingBucket implements Bucket {
  readonly #bucket: Bucket;
  readonly #absent: LRUCache<string, true>;
  readonly #asking = new Map<string, { askers: number }>();

  constructor(bucket: Bucket, options: { ttlMs: number; maxKeys: number }) {
    this.#bucket = bucket;
    this.#absent = new LRUCache({ max: options.maxKeys, ttl: Math.max(1, options.ttlMs) });
  }

  get(key: string, hint: RangeHint | undefined, signal: AbortSignal): Promise<BucketRead> {
    return this.#ask(key, () => this.#bucket.get(key, hint, signal));
  }

  head(key: string, signal: AbortSignal): Promise<BucketHead> {
    return this.#ask(key, () => this.#bucket.head(key, signal));
  }

  /** The key may be there now: also what is being asked is not remembered. */
  forget(key: string): void {
    this.#absent.delete(key);
    this.#asking.delete(key);
  }

  async #ask<T extends { kind: string }>(key: string, ask: () => Promise<T>): Promise<T | { kind: 'missing' }> {
    if (this.#absent.get(key)) return { kind: 'missing' };
    const question = this.#asking.get(key) ?? { askers: 0 };
    this.#asking.set(key, question);
    question.askers += 1;
    try {
      const answer = await ask();
      if (answer.kind === 'missing' && this.#asking.get(key) === question) this.#absent.set(key, true);
      return answer;
    } finally {
      question.askers -= 1;
      if (question.askers === 0 && this.#asking.get(key) === question) this.#asking.delete(key);
    }
  }
}

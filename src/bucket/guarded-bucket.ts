import { type Bucket, type BucketHead, type BucketRead, type RangeHint, unavailable } from './bucket.ts';
import type { Identity } from './identity.ts';

/**
 * A bucket that is not known to be the right one is unavailable; an outage since does not make it another one. An absence is
 * believed only after the identity was read once more: a signed HEAD in a bucket that does not exist is a 404 just like a missing key.
 */
export class GuardedBucket implements Bucket {
  readonly #bucket: Bucket;
  readonly #identity: Identity;

  constructor(bucket: Bucket, identity: Identity) {
    this.#bucket = bucket;
    this.#identity = identity;
  }

  async get(key: string, hint: RangeHint | undefined, signal: AbortSignal): Promise<BucketRead> {
    if (!this.#identity.trusted) return unavailable('identity');
    return await this.#believed(await this.#bucket.get(key, hint, signal));
  }

  async head(key: string, signal: AbortSignal): Promise<BucketHead> {
    if (!this.#identity.trusted) return unavailable('identity');
    return await this.#believed(await this.#bucket.head(key, signal));
  }

  async #believed<T extends { kind: string }>(answer: T): Promise<T | ReturnType<typeof unavailable>> {
    if (answer.kind !== 'missing') return answer;
    return (await this.#identity.confirm()) === 'ours' ? answer : unavailable('identity');
  }
}

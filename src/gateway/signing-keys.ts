import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** More than ten client keys with all the days that a presigned URL can be valid. */
const remembered = 100;

/** The keys that are derived from a secret for one day (S3 API reference, "Signature Calculations": signing key). */
export class SigningKeys {
  readonly #region: string;
  readonly #derived = new LRUCache<string, Buffer>({ max: remembered });

  constructor(region: string) {
    this.#region = region;
  }

  /** @param day `YYYYMMDD`, as the credential's scope has it. */
  of(key: { readonly accessKeyId: string; readonly secretAccessKey: string }, day: string): Buffer {
    const name = `${day}/${key.accessKeyId}`;
    const known = this.#derived.get(name);
    if (known) return known;
    const parts = [day, this.#region, 's3', 'aws4_request'];
    const derived = parts.reduce<Buffer>(hmac, Buffer.from(`AWS4${key.secretAccessKey}`));
    this.#derived.set(name, derived);
    return derived;
  }
}

export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

import { createHash } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import { GetObjectAclCommand, GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { identityKey } from './identity.ts';
import { md5From } from './object-headers.ts';
import type { Acl } from './object-store.ts';
import { aclIn } from './s3-store.ts';
import { storeErrorOf } from './store-error.ts';

export interface S3ObjectProofOptions {
  /** With retries: nothing is changed. */
  readonly client: S3Client;
  readonly bucket: string;
  readonly keyPrefix: string;
  /** How long the store may take to begin its answer, all tries together. */
  readonly timeoutMs: number;
  /** Resolves when the next request may be sent. */
  readonly turn: () => Promise<void>;
  /** Ends what is under way, and whatever is asked after. */
  readonly signal: AbortSignal;
}

/** Reads of one object that broke in the middle are begun anew so often. */
const reads = 3;

/** Objects one by one, read only. Throws Errors that name the store's code, and hold no request. */
export class S3ObjectProof {
  readonly #options: S3ObjectProofOptions;

  constructor(options: S3ObjectProofOptions) {
    this.#options = options;
  }

  /** One request. An ETag of an MD5's form is one here: `md5chksum` is only the word of whoever put the object there. */
  head(key: string) {
    return this.#ifThere('for headers', async (abortSignal) => {
      const {
        ContentLength,
        ETag,
        Metadata = {},
      } = await this.#options.client.send(new HeadObjectCommand(this.#at(key)), { abortSignal });
      return {
        size: ContentLength ?? 0,
        md5: md5From(undefined, ETag) ?? md5From(Metadata.md5chksum, undefined),
        ours: 'upstairs-copy' in Metadata,
        mtime: Metadata.mtime,
      };
    });
  }

  /** All bytes, as they are sent: no length or hash that the store tells of them is believed. */
  async hash(key: string, came: (bytes: number) => void): Promise<{ size: number; md5: string } | 'missing'> {
    for (let read = 1; ; read += 1) {
      const body = await this.#body(key);
      if (body === 'missing') return body;
      try {
        return await hashed(addAbortSignal(this.#options.signal, body), came);
      } catch (error) {
        this.#options.signal.throwIfAborted();
        if (read === reads) throw told(error, 'for an object, and its bytes broke off');
      }
    }
  }

  async acl(key: string): Promise<Acl | 'missing'> {
    return await this.#ifThere('for an ACL', async (abortSignal) => {
      const { Grants } = await this.#options.client.send(new GetObjectAclCommand(this.#at(key)), { abortSignal });
      return aclIn(Grants ?? []);
    });
  }

  /** The text of the identity object; undefined: there is none. */
  async identity(): Promise<string | undefined> {
    const body = await this.#body(identityKey);
    return body === 'missing' ? undefined : Buffer.concat(await body.toArray()).toString();
  }

  /** The deadline is for its beginning; after it only silence ends it (the client's own limit). */
  #body(key: string): Promise<Readable | 'missing'> {
    return this.#ifThere('for an object', async (abortSignal) => {
      const late = new AbortController();
      const end = () => late.abort();
      abortSignal.addEventListener('abort', end, { once: true });
      const { Body } = await this.#options.client.send(new GetObjectCommand(this.#at(key)), {
        abortSignal: late.signal,
      });
      abortSignal.removeEventListener('abort', end);
      return Body as Readable;
    });
  }

  async #ifThere<T>(what: string, send: (abortSignal: AbortSignal) => Promise<T>): Promise<T | 'missing'> {
    const { signal, turn, timeoutMs } = this.#options;
    await turn();
    signal.throwIfAborted();
    try {
      return await send(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    } catch (error) {
      signal.throwIfAborted();
      const { status, code } = storeErrorOf(error);
      // A bucket that is not there has no objects either, and that tells nothing of them.
      if (status === 404 && code !== 'NoSuchBucket') return 'missing';
      throw told(error, what);
    }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#options.keyPrefix + key };
  }
}

async function hashed(body: Readable, came: (bytes: number) => void): Promise<{ size: number; md5: string }> {
  const hash = createHash('md5');
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
    came(chunk.length);
  }
  return { size, md5: hash.digest('hex') };
}

function told(error: unknown, what: string): Error {
  const { status, code } = storeErrorOf(error);
  return new Error(`the store answered ${status ?? 'nothing'} (${code}) when it was asked ${what}`, { cause: error });
}

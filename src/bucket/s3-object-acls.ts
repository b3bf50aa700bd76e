import {
  GetObjectAclCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { identityKey } from './identity.ts';
import type { Acl, MendAnswer, ObjectStore } from './object-store.ts';
import { aclIn } from './s3-store.ts';
import { storeErrorOf } from './store-error.ts';

export interface S3ObjectAclsOptions {
  /** For what changes nothing: with retries. */
  readonly client: S3Client;
  readonly store: Pick<ObjectStore, 'setAcl'>;
  readonly bucket: string;
  readonly keyPrefix: string;
  readonly timeoutMs: number;
  /** Resolves when the next request may be sent. */
  readonly turn: () => Promise<void>;
}

type Send<T> = (inTime: { abortSignal: AbortSignal }) => Promise<T>;

/** What Mastodon gives its uploads (config/initializers/paperclip.rb, `s3_headers`), and rclone does not. */
const mastodonsCacheControl = /\bmax-age=315576000\b/;

/** A bucket's objects one by one, with their ACLs. Throws Errors that name the store's code, and hold no request. */
export class S3ObjectAcls {
  readonly #options: S3ObjectAclsOptions;

  constructor(options: S3ObjectAclsOptions) {
    this.#options = options;
  }

  /** Every key after the prefix, 1000 a request, the next page asked for when the last one is used up. */
  async *keys(): AsyncGenerator<string> {
    const { client, bucket, keyPrefix } = this.#options;
    let token: string | undefined;
    do {
      // Keys may hold what XML cannot.
      const page: ListObjectsV2CommandOutput = await this.#ask('for the listing', (inTime) =>
        client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: keyPrefix,
            EncodingType: 'url',
            ...(token && { ContinuationToken: token }),
          }),
          inTime,
        ),
      );
      for (const { Key } of page.Contents ?? []) {
        if (Key !== undefined) yield decodeURIComponent(Key.replaceAll('+', ' ')).slice(keyPrefix.length);
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async acl(key: string): Promise<Acl | 'missing'> {
    const { client } = this.#options;
    const answer = await this.#ifThere('for an ACL', (inTime) =>
      client.send(new GetObjectAclCommand(this.#at(key)), inTime),
    );
    return answer === 'missing' ? answer : aclIn(answer.Grants ?? []);
  }

  async origin(key: string): Promise<'upstairs' | 'mastodon' | 'other' | 'missing'> {
    const { client } = this.#options;
    const head = await this.#ifThere('for headers', (inTime) =>
      client.send(new HeadObjectCommand(this.#at(key)), inTime),
    );
    if (head === 'missing') return head;
    const { Metadata = {}, CacheControl = '' } = head;
    if ('upstairs-copy' in Metadata || 'upstairs-intent' in Metadata) return 'upstairs';
    // rclone keeps the file's time, and takes other headers along where it copies from a bucket.
    return !('mtime' in Metadata) && mastodonsCacheControl.test(CacheControl) ? 'mastodon' : 'other';
  }

  async setAcl(key: string, acl: Acl): Promise<MendAnswer> {
    await this.#options.turn();
    return await this.#options.store.setAcl(key, acl);
  }

  /** The text of the identity object; undefined: there is none. */
  async identity(): Promise<string | undefined> {
    const { client } = this.#options;
    const object = await this.#ifThere('for the identity', (inTime) =>
      client.send(new GetObjectCommand(this.#at(identityKey)), inTime),
    );
    return object === 'missing' ? undefined : await object.Body?.transformToString();
  }

  async #ifThere<T>(what: string, send: Send<T>): Promise<T | 'missing'> {
    try {
      return await this.#ask(what, send);
    } catch (error) {
      const { status, code } = storeErrorOf((error as Error).cause ?? error);
      // A bucket that is not there has no objects either, and that tells nothing of them.
      if (status === 404 && code !== 'NoSuchBucket') return 'missing';
      throw error;
    }
  }

  async #ask<T>(what: string, send: Send<T>): Promise<T> {
    await this.#options.turn();
    try {
      return await send({ abortSignal: AbortSignal.timeout(this.#options.timeoutMs) });
    } catch (error) {
      const { status, code } = storeErrorOf(error);
      throw new Error(`the store answered ${status ?? 'nothing'} (${code}) when it was asked ${what}`, {
        cause: error,
      });
    }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#options.keyPrefix + key };
  }
}

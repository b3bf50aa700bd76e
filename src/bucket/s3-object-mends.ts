import { DeleteObjectCommand, PutObjectAclCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Acl, MendAnswer } from './object-store.ts';
import { refused, storeErrorOf } from './store-error.ts';

export const cannedAcl = { public: 'public-read', private: 'private' } as const;

export interface S3StoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly keyPrefix: string;
  /** Whether the bucket has object ACLs; without them everything counts as public. */
  readonly acls: boolean;
  /** For everything but uploads, which bring their own signal. */
  readonly timeoutMs: number;
}

/** Makes what is in the bucket agree with what was decided. As `ObjectStore` has it. */
export class S3ObjectMends {
  readonly #options: S3StoreOptions;

  constructor(options: S3StoreOptions) {
    this.#options = options;
  }

  setAcl(key: string, acl: Acl): Promise<MendAnswer> {
    if (!this.#options.acls) return Promise.resolve('done');
    const command = new PutObjectAclCommand({ ...this.#at(key), ACL: cannedAcl[acl] });
    return this.#mend((inTime) => this.#options.client.send(command, inTime));
  }

  delete(key: string): Promise<MendAnswer> {
    const command = new DeleteObjectCommand(this.#at(key));
    return this.#mend((inTime) => this.#options.client.send(command, inTime));
  }

  async #mend(send: (inTime: { abortSignal: AbortSignal }) => Promise<unknown>): Promise<MendAnswer> {
    try {
      await send({ abortSignal: AbortSignal.timeout(this.#options.timeoutMs) });
      return 'done';
    } catch (error) {
      return unmended(error);
    }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#options.keyPrefix + key };
  }
}

/** What a request that failed says of what it was to take away or change. */
export function unmended(error: unknown): Exclude<MendAnswer, 'done'> {
  const failure = storeErrorOf(error);
  if (failure.status === 404) return 'missing';
  return refused(failure) ? 'refused' : 'unknown';
}

import {
  GetBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { storeErrorOf } from './store-error.ts';

const probeKey = '_upstairs/probe';

/** What is asked of a bucket as a whole, once at the start. Throws what the SDK throws. */
export class BucketSetup {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #keyPrefix: string;

  constructor(client: S3Client, bucket: string, keyPrefix: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#keyPrefix = keyPrefix;
  }

  /** In a versioned bucket what was deleted stays readable. A store that does not know the question has no versions. */
  async versioned(): Promise<boolean> {
    try {
      const { Status } = await this.#client.send(new GetBucketVersioningCommand({ Bucket: this.#bucket }), inTime());
      return Status !== undefined;
    } catch (error) {
      const { status } = storeErrorOf(error);
      if (status === 501 || status === 405) return false;
      throw error;
    }
  }

  /** Creates a small private object with `If-None-Match: *`. False: it was there already (412). */
  async create(key: string, text: string): Promise<boolean> {
    try {
      await this.#put(key, text, { IfNoneMatch: '*' });
      return true;
    } catch (error) {
      if (storeErrorOf(error).status === 412) return false;
      throw error;
    }
  }

  /** Puts a small private object over whatever is there. */
  async replace(key: string, text: string): Promise<void> {
    await this.#put(key, text);
  }

  /**
   * Whether object ACLs decide who may read: a small object is public when it was put so, and not when it was put private. It is left
   * private. `publicStatus` asks for a key as a stranger.
   */
  async honoursAcls(publicStatus: (key: string) => Promise<number>): Promise<boolean> {
    for (const acl of ['public-read', 'private'] as const) {
      if (!(await this.#putWithAcl(probeKey, acl))) return false;
      const status = await publicStatus(probeKey);
      if (status !== 200 && !isRefusal(status)) throw new Error(`the store answered ${status} to an anonymous GET`);
      if ((status === 200) !== (acl === 'public-read')) return false;
    }
    return true;
  }

  /** Whether PutObject honours `If-None-Match: *`: a second one must be refused. */
  async honoursIfNoneMatch(): Promise<boolean> {
    await this.create(probeKey, '{}');
    return !(await this.create(probeKey, '{}'));
  }

  /** False: the store takes no such ACL. S3 says 400 AccessControlListNotSupported, or 403 where public ones are blocked; others 501. */
  async #putWithAcl(key: string, acl: 'public-read' | 'private'): Promise<boolean> {
    try {
      await this.#put(key, '{}', { ACL: acl });
      return true;
    } catch (error) {
      const { status, code } = storeErrorOf(error);
      if (status === 501 || (status !== undefined && isRefusal(status) && code !== 'RequestTimeout')) return false;
      throw error;
    }
  }

  async #put(key: string, text: string, more: Partial<PutObjectCommandInput> = {}): Promise<void> {
    const object = { Bucket: this.#bucket, Key: this.#keyPrefix + key, Body: text, ContentType: 'application/json' };
    await this.#client.send(new PutObjectCommand({ ...object, ...more }), inTime());
  }
}

/** Whether an answer is a considered no, and none that another time could be a yes. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function inTime(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(10_000) };
}

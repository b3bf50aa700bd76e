import { GetBucketVersioningCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { storeErrorOf } from './store-error.ts';

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
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: this.#keyPrefix + key,
          Body: text,
          ContentType: 'application/json',
          IfNoneMatch: '*',
        }),
        inTime(),
      );
      return true;
    } catch (error) {
      if (storeErrorOf(error).status === 412) return false;
      throw error;
    }
  }

  /** Whether PutObject honours `If-None-Match: *`: a second one must be refused. */
  async honoursIfNoneMatch(): Promise<boolean> {
    await this.create('_upstairs/probe', '{}');
    return !(await this.create('_upstairs/probe', '{}'));
  }
}

function inTime(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(10_000) };
}

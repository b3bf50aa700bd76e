import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { md5From } from './object-headers.ts';
import type { MendAnswer, PutAnswer } from './object-store.ts';
import type { NotTaken, Part, PartedObject, PartStore } from './part-store.ts';
import { cannedAcl, type S3StoreOptions, unmended } from './s3-object-mends.ts';
import { metadataOf } from './s3-store.ts';
import { refused, storeErrorOf } from './store-error.ts';

/**
 * Plain commands rather than @aws-sdk/lib-storage: its Upload begins, sends and completes in one go. The upload's name could not be put
 * on record before the first part, nor the bucket be looked at before the completion; it sends no Content-MD5, keeps every part under way
 * in memory, and puts what fits into one part over whatever is there.
 */
export class S3PartStore implements PartStore {
  readonly #options: S3StoreOptions;

  constructor(options: S3StoreOptions) {
    this.#options = options;
  }

  async begin(object: PartedObject, signal: AbortSignal) {
    const { acls, client } = this.#options;
    try {
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({
          ...this.#at(object.key),
          ContentType: object.contentType,
          CacheControl: object.cacheControl,
          ...(acls ? { ACL: cannedAcl[object.acl] } : {}),
          Metadata: metadataOf(object),
        }),
        { abortSignal: signal },
      );
      if (UploadId === undefined) return notTaken(new Error('the store gave the upload no name'));
      return { kind: 'begun', uploadId: UploadId } as const;
    } catch (error) {
      return notTaken(error);
    }
  }

  async send(key: string, uploadId: string, part: Part, signal: AbortSignal) {
    const broken = new AbortController();
    let cause: unknown;
    let bytes: Readable | undefined;
    try {
      bytes = await part.bytes();
      bytes.once('error', (error) => {
        cause = error;
        broken.abort();
      });
      const { ETag = '' } = await this.#options.client.send(
        new UploadPartCommand({
          ...this.#at(key),
          UploadId: uploadId,
          PartNumber: part.number,
          Body: bytes,
          ContentLength: part.size,
          ContentMD5: Buffer.from(part.md5, 'hex').toString('base64'),
        }),
        { abortSignal: AbortSignal.any([signal, broken.signal]) },
      );
      const told = md5From(undefined, ETag);
      if (told !== undefined && told !== part.md5) return notTaken(new Error('the store confirmed another ETag'));
      return { kind: 'taken', etag: ETag } as const;
    } catch (error) {
      // A source that could not even be opened has said so itself.
      return bytes === undefined ? { ...notTaken(error), cause: error } : { ...notTaken(error), cause };
    } finally {
      bytes?.destroy();
    }
  }

  async complete(
    key: string,
    uploadId: string,
    etags: readonly string[],
    onlyIfAbsent: boolean,
    signal: AbortSignal,
  ): Promise<PutAnswer> {
    const Parts = etags.map((ETag, i) => ({ PartNumber: i + 1, ETag }));
    try {
      const { ETag } = await this.#options.client.send(
        new CompleteMultipartUploadCommand({
          ...this.#at(key),
          UploadId: uploadId,
          MultipartUpload: { Parts },
          ...(onlyIfAbsent ? { IfNoneMatch: '*' } : {}),
        }),
        { abortSignal: signal },
      );
      // Every S3 store tells one; a page of somebody in between does not.
      if (ETag === undefined) return { kind: 'unknown', reason: 'the store confirmed no ETag', slowDown: false };
      return { kind: 'stored' };
    } catch (error) {
      const failure = storeErrorOf(error);
      if (failure.status === 412) return { kind: 'exists' };
      if (refused(failure)) return { kind: 'refused', status: failure.status, code: failure.code };
      return { kind: 'unknown', reason: failure.code, slowDown: failure.slowDown };
    }
  }

  async abort(key: string, uploadId: string): Promise<MendAnswer> {
    const { client, timeoutMs } = this.#options;
    try {
      await client.send(new AbortMultipartUploadCommand({ ...this.#at(key), UploadId: uploadId }), {
        abortSignal: AbortSignal.timeout(timeoutMs),
      });
      return 'done';
    } catch (error) {
      return unmended(error);
    }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#options.keyPrefix + key };
  }
}

function notTaken(error: unknown): NotTaken {
  const { status, code, slowDown } = storeErrorOf(error);
  return { kind: 'not-taken', status, code, slowDown };
}

import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectAclCommand,
  type Grant,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectAclCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { unavailable } from './bucket.ts';
import { md5From } from './object-headers.ts';
import type { Acl, Look, MendAnswer, ObjectFacts, ObjectStore, PutAnswer, Upload } from './object-store.ts';
import { refused, storeErrorOf } from './store-error.ts';

/** The grantee whose READ makes an object public (S3: "Predefined groups"). */
const allUsers = 'http://acs.amazonaws.com/groups/global/AllUsers';

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

export class S3Store implements ObjectStore {
  readonly #options: S3StoreOptions;

  constructor(options: S3StoreOptions) {
    this.#options = options;
  }

  async put(upload: Upload, signal: AbortSignal): Promise<PutAnswer> {
    const { acls, client } = this.#options;
    const broken = new AbortController();
    let body: Buffer | Readable | undefined;
    try {
      body = await upload.bytes();
      if (body instanceof Readable) body.once('error', () => broken.abort());
      const { ETag } = await client.send(
        new PutObjectCommand({
          ...this.#at(upload.key),
          Body: body,
          ContentLength: upload.size,
          ContentMD5: upload.md5.toString('base64'),
          ContentType: upload.contentType,
          CacheControl: upload.cacheControl,
          ...(acls ? { ACL: cannedAcl[upload.acl] } : {}),
          ...(upload.onlyIfAbsent ? { IfNoneMatch: '*' } : {}),
          Metadata: metadataOf(upload),
        }),
        { abortSignal: AbortSignal.any([signal, broken.signal]) },
      );
      const told = md5From(undefined, ETag);
      if (told !== undefined && told !== upload.md5.toString('hex'))
        return { kind: 'unknown', reason: 'the store confirmed another ETag', slowDown: false };
      return { kind: 'stored' };
    } catch (error) {
      const failure = storeErrorOf(error);
      if (failure.status === 412) return { kind: 'exists' };
      if (refused(failure)) return { kind: 'refused', status: failure.status, code: failure.code };
      return { kind: 'unknown', reason: failure.code, slowDown: failure.slowDown };
    } finally {
      // The SDK leaves a stream open that it did not read to its end.
      if (body instanceof Readable) body.destroy();
    }
  }

  async look(key: string): Promise<Look> {
    const { client, acls } = this.#options;
    try {
      const head = await client.send(new HeadObjectCommand(this.#at(key)), this.#inTime());
      return { kind: 'object', facts: { ...factsOf(head), acl: acls ? await this.#aclOf(key) : 'public' } };
    } catch (error) {
      const failure = storeErrorOf(error);
      if (failure.status === 404) return { kind: 'missing' };
      return unavailable(refused(failure) ? 'refused' : failure.slowDown ? 'slow-down' : 'server-error', error);
    }
  }

  setAcl(key: string, acl: Acl): Promise<MendAnswer> {
    if (!this.#options.acls) return Promise.resolve('done');
    return this.#mend(() =>
      this.#options.client.send(new PutObjectAclCommand({ ...this.#at(key), ACL: cannedAcl[acl] }), this.#inTime()),
    );
  }

  delete(key: string): Promise<MendAnswer> {
    return this.#mend(() => this.#options.client.send(new DeleteObjectCommand(this.#at(key)), this.#inTime()));
  }

  async #mend(send: () => Promise<unknown>): Promise<MendAnswer> {
    try {
      await send();
      return 'done';
    } catch (error) {
      const failure = storeErrorOf(error);
      if (failure.status === 404) return 'missing';
      return refused(failure) ? 'refused' : 'unknown';
    }
  }

  async #aclOf(key: string): Promise<Acl> {
    const { Grants = [] } = await this.#options.client.send(new GetObjectAclCommand(this.#at(key)), this.#inTime());
    return aclIn(Grants);
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#options.keyPrefix + key };
  }

  #inTime(): { abortSignal: AbortSignal } {
    return { abortSignal: AbortSignal.timeout(this.#options.timeoutMs) };
  }
}

/** mtime and MD5 in rclone's formats, and whose object it is. */
export function metadataOf({ mtime, md5, id }: Pick<Upload, 'mtime' | 'md5' | 'id'>): Record<string, string> {
  return { mtime, md5chksum: md5.toString('base64'), 'upstairs-copy': id };
}

/** Public is what everybody may read. */
export function aclIn(grants: readonly Grant[]): Acl {
  const readable = grants.some(
    ({ Grantee, Permission }) => Grantee?.URI === allUsers && (Permission === 'READ' || Permission === 'FULL_CONTROL'),
  );
  return readable ? 'public' : 'private';
}

function factsOf(head: HeadObjectCommandOutput): Omit<ObjectFacts, 'acl'> {
  const { md5chksum, 'upstairs-copy': copyId, 'upstairs-intent': intentId } = head.Metadata ?? {};
  const md5 = md5From(md5chksum, head.ETag);
  return {
    size: head.ContentLength ?? 0,
    ...(copyId === undefined ? {} : { copyId }),
    ...(intentId === undefined ? {} : { intentId }),
    ...(head.ETag === undefined ? {} : { etag: head.ETag.replaceAll('"', '') }),
    ...(md5 === undefined ? {} : { md5 }),
  };
}

import { Readable } from 'node:stream';
import { GetObjectAclCommand, type Grant, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { unavailable } from './bucket.ts';
import { md5From } from './object-headers.ts';
import type { ObjectSender } from './object-sender.ts';
import type { Acl, Look, MendAnswer, ObjectFacts, ObjectStore, PutAnswer, Upload } from './object-store.ts';
import { cannedAcl, S3ObjectMends, type S3StoreOptions } from './s3-object-mends.ts';
import { refused, storeErrorOf } from './store-error.ts';

/** The grantee whose READ makes an object public (S3: "Predefined groups"). */
const allUsers = 'http://acs.amazonaws.com/groups/global/AllUsers';

export interface S3StoreParts extends S3StoreOptions {
  readonly sender: Pick<ObjectSender, 'put'>;
}

/** What a copy costs is mostly its upload, which goes over undici; everything else over the SDK. */

export class S3Store implements ObjectStore {
  readonly #options: S3StoreParts;
  readonly #mends: S3ObjectMends;

  constructor(options: S3StoreParts) {
    this.#options = options;
    this.#mends = new S3ObjectMends(options);
  }

  async put(upload: Upload, signal: AbortSignal): Promise<PutAnswer> {
    const { acls, sender } = this.#options;
    let bytes: Buffer | Readable | undefined;
    try {
      bytes = await upload.bytes();
      const etag = await sender.put(upload.key, headersOf(upload, acls), { bytes, size: upload.size }, signal);
      // Every S3 store tells one; a page of somebody in between does not.
      if (etag === undefined) return { kind: 'unknown', reason: 'the store confirmed no ETag', slowDown: false };
      const told = md5From(undefined, etag);
      if (told !== undefined && told !== upload.md5.toString('hex'))
        return { kind: 'unknown', reason: 'the store confirmed another ETag', slowDown: false };
      return { kind: 'stored' };
    } catch (error) {
      const failure = storeErrorOf(error);
      if (failure.status === 412) return { kind: 'exists' };
      if (refused(failure)) return { kind: 'refused', status: failure.status, code: failure.code };
      return { kind: 'unknown', reason: failure.code, slowDown: failure.slowDown };
    } finally {
      // A request that did not come to be leaves it open.
      if (bytes instanceof Readable) bytes.destroy();
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
    return this.#mends.setAcl(key, acl);
  }

  delete(key: string): Promise<MendAnswer> {
    return this.#mends.delete(key);
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

function headersOf(upload: Upload, acls: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    'content-md5': upload.md5.toString('base64'),
    'content-type': upload.contentType,
    'cache-control': upload.cacheControl,
  };
  if (acls) headers['x-amz-acl'] = cannedAcl[upload.acl];
  if (upload.onlyIfAbsent) headers['if-none-match'] = '*';
  for (const [name, value] of Object.entries(metadataOf(upload))) headers[`x-amz-meta-${name}`] = value;
  return headers;
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

import { createHash } from 'node:crypto';
import { GetObjectAclCommand, GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';

const everybody = 'http://acs.amazonaws.com/groups/global/AllUsers';

/** What a bucket really holds under a key. */
export interface ObjectFacts {
  size: number;
  /** As the store gives it, without the quotes. */
  etag: string;
  contentType: string | undefined;
  cacheControl: string | undefined;
  contentDisposition: string | undefined;
  lastModified: Date | undefined;
  metadata: Record<string, string>;
  /** Whether its ACL lets everybody read it. */
  isPublic: boolean;
  /** Of the bytes downloaded, in hex. */
  md5: string;
  body: Uint8Array;
}

/** Downloads an object and asks for its ACL; undefined when there is none. */
export async function objectFacts(client: S3Client, bucket: string, key: string): Promise<ObjectFacts | undefined> {
  const where = { Bucket: bucket, Key: key };
  try {
    const object = await client.send(new GetObjectCommand(where));
    const body = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
    const { Grants = [] } = await client.send(new GetObjectAclCommand(where));
    return {
      size: body.byteLength,
      etag: (object.ETag ?? '').replaceAll('"', ''),
      contentType: object.ContentType,
      cacheControl: object.CacheControl,
      contentDisposition: object.ContentDisposition,
      lastModified: object.LastModified,
      metadata: object.Metadata ?? {},
      isPublic: Grants.some(({ Grantee, Permission }) => Grantee?.URI === everybody && Permission === 'READ'),
      md5: createHash('md5').update(body).digest('hex'),
      body,
    };
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
    throw error;
  }
}

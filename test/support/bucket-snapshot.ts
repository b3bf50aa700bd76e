import {
  type _Object,
  GetObjectAclCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';

/** All that can be seen of a bucket, a line each: objects with ETag, time and ACL, uploads under way and their parts. */
export async function bucketSnapshot(client: S3Client, bucket: string): Promise<string[]> {
  const lines: string[] = [];
  for (const { Key, ETag, Size, LastModified } of await allObjects(client, bucket)) {
    const { Grants = [] } = await client.send(new GetObjectAclCommand({ Bucket: bucket, Key }));
    const grants = Grants.map(({ Grantee, Permission }) => `${Grantee?.URI ?? Grantee?.ID} ${Permission}`);
    lines.push(`${Key} ${ETag} ${Size} ${LastModified?.toISOString()} ${grants.toSorted().join(', ')}`);
  }
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  for (const { Key, UploadId } of Uploads) {
    const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket: bucket, Key, UploadId }));
    const parts = Parts.map(({ PartNumber, ETag, Size }) => `${PartNumber} ${ETag} ${Size}`);
    lines.push(`${Key} upload ${UploadId}: ${parts.join(', ')}`);
  }
  return lines;
}

async function allObjects(client: S3Client, bucket: string): Promise<_Object[]> {
  const all: _Object[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) all.push(...Contents);
  return all;
}

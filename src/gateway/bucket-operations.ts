import { askedObjects, askedUploads } from './list-query.ts';
import { bodyChecksums } from './object-operations.ts';
import type { DeleteObjects, GetBucketLocation, HeadBucket, ListMultipartUploads, ListObjects } from './operation.ts';
import type { RequestFields } from './request-fields.ts';
import { S3Error } from './s3-error.ts';

export function deleteObjects(fields: RequestFields): DeleteObjects {
  bodyChecksums(fields);
  return { name: 'DeleteObjects', right: 'delete' };
}

export function headBucket(): HeadBucket {
  return { name: 'HeadBucket', right: 'read' };
}

export function getBucketLocation(): GetBucketLocation {
  return { name: 'GetBucketLocation', right: 'read' };
}

export function listMultipartUploads(fields: RequestFields): ListMultipartUploads {
  return { name: 'ListMultipartUploads', right: 'read', listing: askedUploads(fields) };
}

export function listObjects(fields: RequestFields): ListObjects {
  const type = fields.takeQuery('list-type');
  if (type === undefined) return { name: 'ListObjects', right: 'read', listing: askedObjects(fields, 1) };
  if (type !== '2') throw new S3Error('InvalidArgument', 'list-type can only be 2.');
  return { name: 'ListObjectsV2', right: 'read', listing: askedObjects(fields, 2) };
}

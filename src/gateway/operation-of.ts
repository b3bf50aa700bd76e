import {
  deleteObjects,
  getBucketLocation,
  headBucket,
  listMultipartUploads,
  listObjects,
} from './bucket-operations.ts';
import {
  copyObject,
  deleteObject,
  getObject,
  getObjectAcl,
  headObject,
  putObject,
  putObjectAcl,
} from './object-operations.ts';
import type { Operation } from './operation.ts';
import type { RawRequest } from './raw-request.ts';
import { RequestFields } from './request-fields.ts';
import { S3Error } from './s3-error.ts';
import type { Target } from './target.ts';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listParts,
  uploadPart,
  uploadPartCopy,
} from './upload-operations.ts';

/**
 * Which operation a request asks for, with what its handler needs.
 *
 * Throws an S3Error: AccessDenied for what would list or change buckets and for reserved metadata, MethodNotAllowed, NotImplemented for
 * every parameter and `x-amz-*` header that the operation does not take, InvalidArgument and others for wrong values.
 */
export function operationOf(request: RawRequest, target: Target): Operation {
  const fields = new RequestFields(request);
  const operation = chosen(request.method, target, fields);
  fields.refuseOthers();
  return operation;
}

function chosen(method: string, { bucket, key }: Target, fields: RequestFields): Operation {
  if (key !== undefined) return onKey(method, key, fields);
  if (bucket !== undefined) return onBucket(method, fields);
  if (method === 'GET' || method === 'HEAD') throw new S3Error('AccessDenied', 'Buckets are not listed here.');
  throw new S3Error('MethodNotAllowed', 'Nothing can be done with the service itself.');
}

function onKey(method: string, key: string, fields: RequestFields): Operation {
  switch (method) {
    case 'GET':
      if (fields.takeSubresource('acl')) return getObjectAcl(key);
      return fields.hasQuery('uploadId') ? listParts(key, fields) : getObject(key, fields);
    case 'HEAD':
      return headObject(key, fields);
    case 'PUT':
      return put(key, fields);
    case 'POST':
      if (fields.takeSubresource('uploads')) return createMultipartUpload(key, fields);
      if (fields.hasQuery('uploadId')) return completeMultipartUpload(key, fields);
      throw new S3Error('NotImplemented', 'Of POST requests to a key only those of multipart uploads are supported.');
    case 'DELETE':
      return fields.hasQuery('uploadId') ? abortMultipartUpload(key, fields) : deleteObject(key);
    default:
      throw new S3Error('MethodNotAllowed', 'This method is not allowed for an object.');
  }
}

function put(key: string, fields: RequestFields): Operation {
  const copies = fields.hasHeader('x-amz-copy-source');
  if (fields.hasQuery('uploadId') || fields.hasQuery('partNumber'))
    return copies ? uploadPartCopy(key, fields) : uploadPart(key, fields);
  if (fields.takeSubresource('acl')) return putObjectAcl(key, fields);
  return copies ? copyObject(key, fields) : putObject(key, fields);
}

function onBucket(method: string, fields: RequestFields): Operation {
  switch (method) {
    case 'GET':
      if (fields.takeSubresource('location')) return getBucketLocation();
      return fields.takeSubresource('uploads') ? listMultipartUploads(fields) : listObjects(fields);
    case 'HEAD':
      return headBucket();
    case 'POST':
      if (fields.takeSubresource('delete')) return deleteObjects(fields);
      throw new S3Error('NotImplemented', 'Uploads by HTML forms are not supported here.');
    case 'PUT':
    case 'DELETE':
      throw new S3Error('AccessDenied', 'Buckets are neither created, deleted nor changed here.');
    default:
      throw new S3Error('MethodNotAllowed', 'This method is not allowed for a bucket.');
  }
}

import { numberAsked } from './number-asked.ts';
import { bodyChecksums, copyConditions, copySource } from './object-operations.ts';
import type {
  AbortMultipartUpload,
  CompleteMultipartUpload,
  CreateMultipartUpload,
  ListParts,
  UploadPart,
  UploadPartCopy,
} from './operation.ts';
import type { QueryPairs } from './query-pairs.ts';
import { requestedAcl } from './request-acl.ts';
import type { RequestFields } from './request-fields.ts';
import { S3Error } from './s3-error.ts';
import { storedHeaders } from './stored-headers.ts';

/** S3 user guide, "Amazon S3 multipart upload limits". */
const maxParts = 10_000;

export function createMultipartUpload(key: string, fields: RequestFields): CreateMultipartUpload {
  // They say which checksums the parts will have. Each part is verified by its own.
  fields.takeHeader('x-amz-checksum-algorithm');
  fields.takeHeader('x-amz-checksum-type');
  return {
    name: 'CreateMultipartUpload',
    right: 'write',
    key,
    headers: storedHeaders(fields),
    acl: requestedAcl(fields),
  };
}

export function uploadPart(key: string, fields: RequestFields): UploadPart {
  bodyChecksums(fields);
  const headers = fields.takeHeaders(['content-md5']);
  return { name: 'UploadPart', right: 'write', key, ...part(fields), headers };
}

export function uploadPartCopy(key: string, fields: RequestFields): UploadPartCopy {
  const source = copySource(fields);
  const range = fields.takeHeaders(['x-amz-copy-source-range']);
  const value = range['x-amz-copy-source-range'];
  if (value !== undefined && !/^bytes=\d{1,15}-\d{1,15}$/.test(value))
    throw new S3Error('InvalidArgument', 'x-amz-copy-source-range must be bytes=first-last.');
  const headers = { ...range, ...copyConditions(fields) };
  return { name: 'UploadPartCopy', right: 'write', key, ...part(fields), source, headers };
}

/** A checksum here would be one of the whole object, which nobody computes: it is refused. */
export function completeMultipartUpload(key: string, fields: RequestFields): CompleteMultipartUpload {
  return { name: 'CompleteMultipartUpload', right: 'write', key, ...upload(fields) };
}

export function abortMultipartUpload(key: string, fields: RequestFields): AbortMultipartUpload {
  return { name: 'AbortMultipartUpload', right: 'write', key, ...upload(fields) };
}

export function listParts(key: string, fields: RequestFields): ListParts {
  const { uploadId, query } = upload(fields);
  const most = numberAsked('max-parts', fields.takeQuery('max-parts'), 0, 2 ** 31 - 1);
  const marker = numberAsked('part-number-marker', fields.takeQuery('part-number-marker'), 0, 2 ** 31 - 1);
  const page: (readonly [string, string])[] = [];
  if (most !== undefined) page.push(['max-parts', String(Math.min(most, 1000))]);
  if (marker !== undefined) page.push(['part-number-marker', String(marker)]);
  return { name: 'ListParts', right: 'read', key, uploadId, query: [...query, ...page] };
}

function part(fields: RequestFields): { uploadId: string; partNumber: number; query: QueryPairs } {
  const { uploadId } = upload(fields);
  const partNumber = numberAsked('partNumber', fields.takeQuery('partNumber'), 1, maxParts);
  if (partNumber === undefined) throw new S3Error('InvalidArgument', 'A part needs its partNumber.');
  const query: QueryPairs = [
    ['partNumber', String(partNumber)],
    ['uploadId', uploadId],
  ];
  return { uploadId, partNumber, query };
}

/** A store may make a name of key and id together, so what is no id of any store does not get there. */
function upload(fields: RequestFields): { uploadId: string; query: QueryPairs } {
  const uploadId = fields.takeQuery('uploadId') ?? '';
  if (!/^[\w.~+=-]{1,1024}$/.test(uploadId)) throw new S3Error('NoSuchUpload', 'There is no such upload.');
  return { uploadId, query: [['uploadId', uploadId]] };
}

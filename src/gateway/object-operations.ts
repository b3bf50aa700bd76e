import { type CopySource, parseCopySource } from './copy-source.ts';
import { numberAsked } from './number-asked.ts';
import type {
  CopyObject,
  DeleteObject,
  GetObject,
  GetObjectAcl,
  HeadObject,
  PutObject,
  PutObjectAcl,
  StoreHeaders,
} from './operation.ts';
import type { QueryPairs } from './query-pairs.ts';
import { requestedAcl } from './request-acl.ts';
import type { RequestFields } from './request-fields.ts';
import { S3Error } from './s3-error.ts';
import { storedHeaders } from './stored-headers.ts';

const readConditions = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range'];

const sourceConditions = [
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-unmodified-since',
];

const overridable = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
];

export function putObject(key: string, fields: RequestFields): PutObject {
  bodyChecksums(fields);
  const headers = { ...storedHeaders(fields), ...fields.takeHeaders(['content-md5']), ...putConditions(fields) };
  return { name: 'PutObject', right: 'write', key, headers, acl: requestedAcl(fields) };
}

/** The checksums are for whoever reads the body. Anywhere else than with a body they are refused. */
export function bodyChecksums(fields: RequestFields): void {
  fields.takeHeadersFrom('x-amz-checksum-');
}

/** S3 user guide, "Conditional writes": `If-None-Match` knows only `*`. Ceph RGW compares `If-Match` with the bare ETag, quotes and all. */
function putConditions(fields: RequestFields): StoreHeaders {
  const headers = fields.takeHeaders(['if-none-match', 'if-match']);
  if (headers['if-none-match'] !== undefined && headers['if-none-match'] !== '*')
    throw new S3Error('NotImplemented', 'If-None-Match can only be * when an object is put.');
  const match = headers['if-match'];
  return match === undefined ? headers : { ...headers, 'if-match': match.replace(/^"(.*)"$/, '$1') };
}

export function getObject(key: string, fields: RequestFields): GetObject {
  const { headers, query, partNumber } = reading(fields);
  const overrides: Record<string, string> = {};
  const responses: (readonly [string, string])[] = [];
  for (const name of overridable) {
    const value = fields.takeQuery(`response-${name}`);
    if (value === undefined) continue;
    // It becomes a header: RFC 9110 §5.5.
    if (/[^\t -~]/.test(value)) throw new S3Error('InvalidArgument', `response-${name} must be plain ASCII.`);
    overrides[name] = value;
    responses.push([`response-${name}`, value]);
  }
  return { name: 'GetObject', right: 'read', key, headers, query: [...query, ...responses], partNumber, overrides };
}

export function headObject(key: string, fields: RequestFields): HeadObject {
  return { name: 'HeadObject', right: 'read', key, ...reading(fields) };
}

function reading(fields: RequestFields): { headers: StoreHeaders; query: QueryPairs; partNumber: number | undefined } {
  const headers = fields.takeHeaders(['range', ...readConditions]);
  fields.takeHeader('x-amz-checksum-mode');
  const partNumber = numberAsked('partNumber', fields.takeQuery('partNumber'), 1, 10_000);
  if (partNumber === undefined) return { headers, query: [], partNumber };
  if (headers.range !== undefined) throw new S3Error('InvalidRequest', 'Ask for a range or for a part, not for both.');
  return { headers, query: [['partNumber', String(partNumber)]], partNumber };
}

export function deleteObject(key: string): DeleteObject {
  return { name: 'DeleteObject', right: 'delete', key };
}

/** Ceph RGW ignores conditions on what is there already, so they are refused. */
export function copyObject(key: string, fields: RequestFields): CopyObject {
  const source = copySource(fields);
  const directive = fields.takeHeaders(['x-amz-metadata-directive']);
  const value = directive['x-amz-metadata-directive'];
  if (value !== undefined && value !== 'COPY' && value !== 'REPLACE')
    throw new S3Error('InvalidArgument', 'x-amz-metadata-directive must be COPY or REPLACE.');
  // Only one that names an algorithm can come here: there is no body to take a checksum of.
  fields.takeHeader('x-amz-checksum-algorithm');
  const headers = { ...storedHeaders(fields), ...directive, ...copyConditions(fields) };
  return { name: 'CopyObject', right: 'write', key, source, headers, acl: requestedAcl(fields) };
}

export function copySource(fields: RequestFields): CopySource {
  return parseCopySource(fields.takeHeader('x-amz-copy-source') ?? '');
}

export function copyConditions(fields: RequestFields): StoreHeaders {
  return fields.takeHeaders(sourceConditions);
}

export function putObjectAcl(key: string, fields: RequestFields): PutObjectAcl {
  bodyChecksums(fields);
  return { name: 'PutObjectAcl', right: 'write', key, acl: requestedAcl(fields) };
}

export function getObjectAcl(key: string): GetObjectAcl {
  return { name: 'GetObjectAcl', right: 'read', key };
}

import type { RequestFields } from './request-fields.ts';
import { isReservedMetadata } from './reserved-keys.ts';
import { S3Error } from './s3-error.ts';

/** S3 user guide, "Working with object metadata": names and values of all `x-amz-meta-*`, in bytes. */
const maxMetadataBytes = 2048;
const metadataPrefix = 'x-amz-meta-';

const kept = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'];

/**
 * The headers that are stored with an object and given back with it.
 *
 * Throws an S3Error: AccessDenied for the program's own metadata, MetadataTooLarge, NotImplemented for a storage class other than
 * STANDARD.
 */
export function storedHeaders(fields: RequestFields): Record<string, string> {
  return {
    ...fields.takeHeaders(kept),
    ...contentEncoding(fields),
    ...storageClass(fields),
    ...metadata(fields),
  };
}

/** `aws-chunked` is a framing of the request, not a coding of the object. */
function contentEncoding(fields: RequestFields): Record<string, string> {
  const codings = (fields.takeHeader('content-encoding') ?? '').split(',').map((coding) => coding.trim());
  const value = codings.filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked').join(',');
  return value === '' ? {} : { 'content-encoding': value };
}

function storageClass(fields: RequestFields): Record<string, string> {
  const headers = fields.takeHeaders(['x-amz-storage-class']);
  const value = headers['x-amz-storage-class'];
  if (value !== undefined && value !== 'STANDARD')
    throw new S3Error('NotImplemented', 'The only storage class here is STANDARD.');
  return headers;
}

function metadata(fields: RequestFields): Record<string, string> {
  const headers = fields.takeHeadersFrom(metadataPrefix);
  if (Object.keys(headers).some(isReservedMetadata))
    throw new S3Error('AccessDenied', 'Metadata named upstairs-* is reserved.');
  // What came over the wire is one character a byte.
  const bytes = Object.entries(headers).reduce(
    (sum, [name, value]) => sum + name.length - metadataPrefix.length + value.length,
    0,
  );
  if (bytes > maxMetadataBytes)
    throw new S3Error('MetadataTooLarge', `Metadata may be ${maxMetadataBytes} bytes long, names included.`);
  return headers;
}

import { keyError } from './key-error.ts';
import { S3Error } from './s3-error.ts';
import { strictDecode } from './strict-decode.ts';
import { bucketNamed } from './target.ts';

/** The object that a copy is made from, as the client names it. */
export interface CopySource {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Reads `x-amz-copy-source`: `bucket/key`, with or without a slash before it, percent-encoded (S3 API reference, "CopyObject"). The
 * store reads it too, with our keys, so it goes by the same rules as a path.
 *
 * Throws an S3Error: InvalidURI, InvalidArgument, KeyTooLongError, AccessDenied for reserved keys, NotImplemented for versions.
 */
export function parseCopySource(value: string): CopySource {
  if (value.includes('?'))
    throw new S3Error('NotImplemented', 'The source of a copy can have no version: leave the query out.');
  const path = strictDecode(value.startsWith('/') ? value.slice(1) : value);
  const slash = path.indexOf('/');
  if (slash < 0) throw new S3Error('InvalidArgument', 'The source of a copy must be a bucket and a key.');
  const source = { bucket: bucketNamed(path.slice(0, slash)), key: path.slice(slash + 1) };
  const refused = keyError(source.key);
  if (refused) throw refused;
  return source;
}

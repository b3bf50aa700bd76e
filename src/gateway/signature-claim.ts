import { parseAmzDate } from './amz-date.ts';
import { S3Error, type S3ErrorCode } from './s3-error.ts';

export const algorithm = 'AWS4-HMAC-SHA256';

/** What a signed request says of its signature, before any of it is believed. */
export interface SignatureClaim {
  readonly accessKeyId: string;
  /** The credential's scope: for which day, region and service the key was derived. */
  readonly scope: Scope;
  /** When it was signed, in milliseconds since 1970, whole seconds. */
  readonly time: number;
  /** Only in a presigned URL: how long it is good for, in milliseconds. */
  readonly validMs?: number;
  /** Lower case, sorted, each once. */
  readonly signedHeaders: readonly string[];
  /** 64 hex digits, lower case. */
  readonly signature: string;
  /** As it was signed: hex, `UNSIGNED-PAYLOAD`, or something that is still to be refused. */
  readonly payloadHash: string;
}

export interface Scope {
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
}

/** S3 calls the same mistakes by different names in a header and in a query. */
export type Malformed = Extract<S3ErrorCode, 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError'>;

/** `<access key id>/<day>/<region>/<service>/aws4_request` */
export function parseCredential(text: string, code: Malformed): { accessKeyId: string; scope: Scope } {
  const [accessKeyId, day, region, service, terminator, ...more] = text.split('/');
  if (!accessKeyId || !day || !region || !service || !terminator || more.length > 0)
    throw new S3Error(code, 'The credential must be <access key id>/<date>/<region>/s3/aws4_request.');
  return { accessKeyId, scope: { day, region, service, terminator } };
}

export function parseSignedHeaders(text: string, code: Malformed): string[] {
  const names = text.split(';');
  if (names.some((name) => !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)))
    throw new S3Error(code, 'SignedHeaders must be names of headers in lower case, parted by semicolons.');
  if (names.some((name, i) => i > 0 && name <= names[i - 1]!))
    throw new S3Error(code, 'SignedHeaders must be sorted, and name each header once.');
  return names;
}

export function parseSignature(text: string, code: Malformed): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new S3Error(code, 'The signature must be 64 hex digits in lower case.');
  return text;
}

export function parseTime(text: string, code: Malformed): number {
  const time = parseAmzDate(text);
  if (time === undefined) throw new S3Error(code, 'X-Amz-Date must be of the form YYYYMMDDTHHMMSSZ.');
  return time;
}

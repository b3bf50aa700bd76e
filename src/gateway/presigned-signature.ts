import type { QueryPairs } from './query-pairs.ts';
import { headerOf, type RawRequest } from './raw-request.ts';
import { S3Error } from './s3-error.ts';
import {
  algorithm,
  parseCredential,
  parseSignature,
  parseSignedHeaders,
  parseTime,
  type SignatureClaim,
} from './signature-claim.ts';

const malformed = 'AuthorizationQueryParametersError';
const longestSeconds = 7 * 24 * 60 * 60;

const needed = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
] as const;
const contentSha256 = 'X-Amz-Content-Sha256';
const lowerCase = new Map([...needed, contentSha256].map((name) => [name.toLowerCase(), name]));

/** Whether a query holds anything of a presigned URL, however it is spelt. */
export function isPresigned(query: QueryPairs): boolean {
  return needed.some((name) => query.some(([other]) => other.toLowerCase() === name.toLowerCase()));
}

/**
 * The claim of a presigned URL (S3 API reference, "Authenticating Requests: Using Query Parameters"). Throws an S3Error:
 * AuthorizationQueryParametersError; InvalidArgument where header and query differ in the body's hash.
 */
export function presignedClaim(request: RawRequest, query: QueryPairs): SignatureClaim {
  const given = parametersOf(query);
  const [scheme, credential, date, expires, signedHeaders, signature] = needed.map((name) => given.get(name));
  if (!credential || !date || !expires || !signedHeaders || !signature)
    throw new S3Error(malformed, `A presigned URL must have all of ${needed.join(', ')}.`);
  if (scheme !== algorithm) throw new S3Error(malformed, `X-Amz-Algorithm must be ${algorithm}.`);
  return {
    ...parseCredential(credential, malformed),
    time: parseTime(date, malformed),
    validMs: 1000 * secondsOf(expires),
    signedHeaders: parseSignedHeaders(signedHeaders, malformed),
    signature: parseSignature(signature, malformed),
    payloadHash: payloadHashOf(request, given.get(contentSha256)),
  };
}

/** Stores differ in which of two they believe, and in whether they know another spelling. */
function parametersOf(query: QueryPairs): Map<string, string> {
  const given = new Map<string, string>();
  for (const [name, value] of query) {
    const known = lowerCase.get(name.toLowerCase());
    if (known === undefined) continue;
    if (name !== known) throw new S3Error(malformed, `${known} must be spelt so.`);
    if (given.has(name)) throw new S3Error(malformed, `${name} came more than once.`);
    given.set(name, value);
  }
  return given;
}

function secondsOf(expires: string): number {
  const seconds = /^\d{1,9}$/.test(expires) ? Number(expires) : 0;
  if (seconds < 1 || seconds > longestSeconds)
    throw new S3Error(malformed, `X-Amz-Expires must be a number of seconds from 1 to ${longestSeconds} (7 days).`);
  return seconds;
}

/** Who makes a URL seldom knows the body. Where the hash is given it counts; JavaScript's SDK writes it into the query. */
function payloadHashOf(request: RawRequest, inQuery: string | undefined): string {
  const inHeader = headerOf(request, 'x-amz-content-sha256');
  if (inHeader !== undefined && inQuery !== undefined && inHeader !== inQuery)
    throw new S3Error('InvalidArgument', `The header and the parameter ${contentSha256} differ.`);
  return inHeader ?? inQuery ?? 'UNSIGNED-PAYLOAD';
}

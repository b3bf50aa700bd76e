import { percentEncode } from '../lib/percent-encode.ts';
import type { QueryPairs } from './query-pairs.ts';
import type { RawRequest } from './raw-request.ts';
import type { SignatureClaim } from './signature-claim.ts';
import { strictDecode } from './strict-decode.ts';

/**
 * What may have been signed (S3 API reference, "Signature Calculations for the Authorization Header": canonical request). Two texts
 * where a header's value is a quoted string with several spaces in a row: AWS's libraries for Ruby leave those as they are, others make
 * them one. A character is a byte. Throws InvalidURI.
 */
export function canonicalRequests(request: RawRequest, query: QueryPairs, claim: SignatureClaim): readonly string[] {
  const path = canonicalPath(request.rawPath);
  const pairs = canonicalQuery(query);
  const withHeaders = (spelling: (value: string) => string) =>
    [
      request.method,
      path,
      pairs,
      ...claim.signedHeaders.map((name) => `${name}:${headerValue(request, name, spelling)}`),
      '',
      claim.signedHeaders.join(';'),
      claim.payloadHash,
    ].join('\n');
  return [...new Set([withHeaders(folded), withHeaders(foldedOutsideQuotes)])];
}

/** Decoded once and encoded again, so that it does not matter how much of it a client encodes. Nothing is normalised. */
function canonicalPath(rawPath: string): string {
  return percentEncode(strictDecode(rawPath)).replaceAll('%2F', '/');
}

function canonicalQuery(query: QueryPairs): string {
  return query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([a, av], [b, bv]) => compare(a, b) || compare(av, bv))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** RFC 9110 §5.3: several lines of one name are one list. */
function headerValue(request: RawRequest, name: string, spelling: (value: string) => string): string {
  const values = request.headers.filter(([other]) => other === name).map(([, value]) => spelling(value));
  return values.join(',');
}

/** Spaces and tabs only: what else is white in Unicode is bytes like others here. */
function folded(value: string): string {
  return value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '');
}

function foldedOutsideQuotes(value: string): string {
  const trimmed = value.replace(/^[ \t]+|[ \t]+$/g, '');
  return /^".*"$/.test(trimmed) ? trimmed : folded(value);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import type { RawRequest } from './raw-request.ts';
import { S3Error } from './s3-error.ts';
import type { SignatureClaim } from './signature-claim.ts';

/**
 * S3 wants `host` and every `x-amz-*` header signed. Not the others: Ruby's library leaves Content-Type out where Net::HTTP adds it,
 * and an unsigned Content-MD5 can only make a body be refused. Throws an S3Error: AccessDenied, SignatureDoesNotMatch.
 */
export function checkSignedHeaders(request: RawRequest, { signedHeaders }: SignatureClaim): void {
  const signed = new Set(signedHeaders);
  const present = new Set(request.headers.map(([name]) => name));
  for (const name of ['host', ...present]) {
    if ((name !== 'host' && !name.startsWith('x-amz-')) || signed.has(name)) continue;
    throw new S3Error(
      'AccessDenied',
      `There were headers present in the request which were not signed: ${name.slice(0, 128)}.`,
    );
  }
  const missing = signedHeaders.find((name) => !present.has(name));
  if (missing !== undefined)
    throw new S3Error('SignatureDoesNotMatch', `A header that was signed did not come: ${missing.slice(0, 128)}.`);
}

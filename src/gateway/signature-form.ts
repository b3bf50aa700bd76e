import { headerClaim } from './header-signature.ts';
import { isPresigned, presignedClaim } from './presigned-signature.ts';
import type { QueryPairs } from './query-pairs.ts';
import { headerOf, type RawRequest } from './raw-request.ts';
import { S3Error } from './s3-error.ts';
import { algorithm, type SignatureClaim } from './signature-claim.ts';

/** Relays and stores differ in which one of two they believe. */
const onceOnly = ['host', 'authorization', 'x-amz-date', 'date', 'x-amz-content-sha256'] as const;

/**
 * What a request claims, in whichever of the two forms. Throws an S3Error: AccessDenied for a request without a signature, InvalidRequest
 * for kinds of signature that are not taken, InvalidArgument for two of them, and what the forms throw.
 */
export function claimOf(request: RawRequest, query: QueryPairs): SignatureClaim {
  for (const name of onceOnly)
    if (request.headers.filter(([other]) => other === name).length > 1)
      throw new S3Error('InvalidRequest', `The header ${name} came more than once.`);
  refuseSessions(request, query);
  const authorization = headerOf(request, 'authorization');
  const presigned = isPresigned(query);
  const oldPresigned = query.some(([name]) => name === 'AWSAccessKeyId' || name === 'Signature');
  if (authorization !== undefined && (presigned || oldPresigned))
    throw new S3Error('InvalidArgument', 'A request is signed either in its Authorization header or in its query.');
  if (oldPresigned)
    throw new S3Error('InvalidRequest', `This kind of signature is not taken here. Sign with ${algorithm}.`);
  if (authorization !== undefined) return headerClaim(request, authorization);
  if (presigned) return presignedClaim(request, query);
  throw new S3Error('AccessDenied', 'Every request must be signed here.');
}

/** Keys are lasting here. To pass over the token would be to take an STS key for one of ours. */
function refuseSessions(request: RawRequest, query: QueryPairs): void {
  const name = 'x-amz-security-token';
  if (headerOf(request, name) === undefined && !query.some(([other]) => other.toLowerCase() === name)) return;
  throw new S3Error('InvalidRequest', 'Temporary credentials (X-Amz-Security-Token) are not taken here.');
}

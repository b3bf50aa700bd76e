import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { formatAmzDate } from './amz-date.ts';
import { canonicalRequests } from './canonical-request.ts';
import type { PayloadHash } from './payload.ts';
import { parsePayloadHash } from './payload-hash.ts';
import { queryPairs } from './query-pairs.ts';
import type { RawRequest } from './raw-request.ts';
import { S3Error } from './s3-error.ts';
import { algorithm, type SignatureClaim } from './signature-claim.ts';
import { claimOf } from './signature-form.ts';
import { checkSignedHeaders } from './signed-headers.ts';
import { hmac, SigningKeys } from './signing-keys.ts';

export type Right = 'read' | 'write' | 'delete';

/** A key pair that a client signs with, and what it may do. */
export interface AccessKey {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly rights: readonly Right[];
  /** All that it may touch begins with this; '' is everything. */
  readonly prefix: string;
}

/** Who sent a request, and what of it the signature vouches for. */
export interface Caller {
  /** The key's name. */
  readonly name: string;
  readonly rights: readonly Right[];
  readonly prefix: string;
  /** By a URL that the key's owner may have handed on. */
  readonly presigned: boolean;
  readonly payload: PayloadHash;
  /** Lower case. */
  readonly signedHeaders: ReadonlySet<string>;
}

export interface SignatureVerifierOptions {
  readonly keys: readonly AccessKey[];
  /** The region that clients sign for. */
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** S3 takes no request whose clock is further off (S3 API reference, "Authenticating Requests"). */
const skewMs = 15 * 60 * 1000;

/** Verifies AWS Signature Version 4 for S3, in a header or in a presigned URL (S3 API reference, "Authenticating Requests"). */
export class SignatureVerifier {
  readonly #keys: ReadonlyMap<string, AccessKey>;
  readonly #region: string;
  readonly #now: () => number;
  readonly #signingKeys: SigningKeys;
  /** Whoever signs with an unknown key is compared with this one's signature: it takes as long, and never matches. */
  readonly #nobody = { accessKeyId: '', secretAccessKey: randomBytes(32).toString('hex') };

  constructor({ keys, region, now }: SignatureVerifierOptions) {
    this.#keys = new Map(keys.map((key) => [key.accessKeyId, key]));
    this.#region = region;
    this.#now = now;
    this.#signingKeys = new SigningKeys(region);
  }

  /**
   * Says nothing yet of what the caller may do, or of the body. Throws an S3Error, which tells neither a secret nor the signature that
   * would have been right: AccessDenied, AuthorizationHeaderMalformed, AuthorizationQueryParametersError, InvalidAccessKeyId,
   * InvalidArgument, InvalidRequest, InvalidURI, NotImplemented, RequestTimeTooSkewed, SignatureDoesNotMatch.
   */
  verify(request: RawRequest): Caller {
    const query = queryPairs(request.rawQuery);
    const claim = claimOf(request, query);
    const payload = parsePayloadHash(claim.payloadHash);
    this.#checkScope(claim);
    this.#checkTime(claim);
    checkSignedHeaders(request, claim);
    const key = this.#keys.get(claim.accessKeyId);
    const genuine = this.#matches(claim, canonicalRequests(request, query, claim), key ?? this.#nobody);
    if (!key) throw new S3Error('InvalidAccessKeyId', 'There is no such access key.');
    if (!genuine)
      throw new S3Error(
        'SignatureDoesNotMatch',
        'The signature is not the one of this request. Check the secret key, and that no relay changes Host, path or signed headers.',
      );
    return {
      name: key.name,
      rights: key.rights,
      prefix: key.prefix,
      presigned: claim.validMs !== undefined,
      payload,
      signedHeaders: new Set(claim.signedHeaders),
    };
  }

  #checkScope({ scope, time, validMs }: SignatureClaim): void {
    const code = validMs === undefined ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError';
    if (scope.region !== this.#region)
      throw new S3Error(code, `The credential is for another region; here it must be "${this.#region}".`);
    if (scope.service !== 's3') throw new S3Error(code, 'The credential must be for the service "s3".');
    if (scope.terminator !== 'aws4_request') throw new S3Error(code, 'The credential must end with "aws4_request".');
    if (scope.day !== formatAmzDate(time).slice(0, 8))
      throw new S3Error(code, "The credential's date is not the day on which the request was signed.");
  }

  #checkTime({ time, validMs }: SignatureClaim): void {
    const age = this.#now() - time;
    if (validMs === undefined) {
      if (Math.abs(age) <= skewMs) return;
      throw new S3Error('RequestTimeTooSkewed', "The request's time is more than 15 minutes off the time here.");
    }
    if (age < -skewMs) throw new S3Error('AccessDenied', 'The presigned URL is not valid yet.');
    if (age > validMs) throw new S3Error('AccessDenied', 'The presigned URL has expired.');
  }

  #matches(claim: SignatureClaim, texts: readonly string[], key: Parameters<SigningKeys['of']>[0]): boolean {
    const signingKey = this.#signingKeys.of(key, claim.scope.day);
    const { day, region, service, terminator } = claim.scope;
    const head = `${algorithm}\n${formatAmzDate(claim.time)}\n${day}/${region}/${service}/${terminator}\n`;
    const claimed = Buffer.from(claim.signature, 'hex');
    const found = texts.map((text) =>
      timingSafeEqual(claimed, hmac(signingKey, head + createHash('sha256').update(text, 'latin1').digest('hex'))),
    );
    return found.includes(true);
  }
}

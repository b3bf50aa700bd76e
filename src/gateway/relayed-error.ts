import { S3Error } from './s3-error.ts';
import type { StoreAnswer } from './store-gateway.ts';

/** What the store said no with, for the client: its own code, and nothing of buckets and keys that clients do not see. */
export class RelayedError extends Error {
  override readonly name = 'RelayedError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** They speak of the key pair or bucket that Upstairs itself uses: the client can do nothing about it. */
const ownTroubles: ReadonlySet<string> = new Set([
  'AuthorizationHeaderMalformed',
  'InvalidAccessKeyId',
  'NoSuchBucket',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'XAmzContentSHA256Mismatch',
]);

/** An answer of 300 or more, as what the client is told. */
export function relayed(status: number, code: string, message: string): RelayedError | S3Error {
  if (status >= 500 || status === 429)
    return new S3Error('SlowDown', 'The store is busy or in trouble. Ask again in a moment.');
  if (ownTroubles.has(code) || status < 400)
    return new S3Error(
      'InternalError',
      `The store does not take requests of Upstairs (${code}): see its configuration.`,
    );
  return new RelayedError(code, status, message === '' ? 'The store refused it.' : message);
}

/** What is told of a request that got no answer. */
export function unanswered(answer: Extract<StoreAnswer, { kind: 'unknown' }>): S3Error {
  return (
    answer.bodyError ?? new S3Error('ServiceUnavailable', 'The store did not answer in time.', { cause: answer.cause })
  );
}

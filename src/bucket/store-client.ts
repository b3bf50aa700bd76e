import { S3Client } from '@aws-sdk/client-s3';
import type { BucketLocation } from './bucket-address.ts';
import type { Credentials } from './request-signer.ts';

/** The SDK would print to the console, between the lines of our log; what it has to say comes back as errors. */
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

export interface StoreClientOptions {
  readonly location: BucketLocation;
  readonly region: string;
  readonly credentials: Credentials;
  readonly connectTimeoutMs: number;
  /** The longest silence on a connection. */
  readonly socketTimeoutMs: number;
  /** Tries of a request. Default: 1. More only for what changes nothing. */
  readonly maxAttempts?: number;
}

/**
 * The SDK, for writes. No retries: a second try can meet its own first one as a 412, and an unknown outcome is looked at instead.
 * No default checksums: Ceph refuses a streamed body that carries one.
 */
export function storeClient(options: StoreClientOptions): S3Client {
  return new S3Client({
    endpoint: options.location.endpoint,
    region: options.region,
    credentials: { ...options.credentials },
    forcePathStyle: options.location.addressing === 'path',
    maxAttempts: options.maxAttempts ?? 1,
    logger: silent,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: options.connectTimeoutMs, socketTimeout: options.socketTimeoutMs },
  });
}

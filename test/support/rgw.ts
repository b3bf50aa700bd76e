import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { type AccessLine, readAccessLog } from './access-log.ts';
import type {} from './global-setup.ts';
import { type RgwAddress, type RgwDaemons, startRgwDaemons } from './rgw-daemons.ts';

export { objectFacts } from './object-facts.ts';
export type { AccessLine, RgwAddress, RgwDaemons };

/** A real Ceph RADOS Gateway and a client for it. */
export interface Rgw extends RgwAddress {
  /** Signed requests, no retries, no checksums beyond what an operation demands. */
  client: S3Client;
  /** What reached the gateway and was answered, oldest first. Shared gateways: everybody's. */
  requests(): Promise<AccessLine[]>;
  /** Creates a bucket of its own name and returns that name. */
  freshBucket(prefix?: string): Promise<string>;
}

/** A gateway of one's own, to be taken down, hung and stopped. */
export type PrivateRgw = Rgw & RgwDaemons & AsyncDisposable;

let shared: Rgw | undefined;

/** The gateway of the whole run. Behind `needs('ceph')` only. */
export function sharedRgw(): Rgw {
  const address = inject('rgw');
  if (address === null) throw new Error("no Ceph here: guard the test with needs('ceph')");
  shared ??= withClient(address);
  return shared;
}

/** A fresh bucket on the shared gateway. */
export function freshBucket(prefix?: string): Promise<string> {
  return sharedRgw().freshBucket(prefix);
}

export async function startRgw(): Promise<PrivateRgw> {
  const daemons = await startRgwDaemons();
  const rgw = withClient(daemons);
  const stop = async () => {
    rgw.client.destroy();
    await daemons.stop();
  };
  return { ...daemons, ...rgw, stop, [Symbol.asyncDispose]: stop };
}

/** A client as the tests want it, for any endpoint: a gateway or a proxy before it. */
export function s3Client(
  address: Pick<RgwAddress, 'endpoint'> & Partial<RgwAddress>,
  requestTimeoutMs = 10_000,
): S3Client {
  const { endpoint, region = 'us-east-1', accessKey = 'test', secretKey = 'testtest' } = address;
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    requestHandler: { requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
  });
}

function withClient(address: RgwAddress): Rgw {
  const client = s3Client(address);
  return {
    ...address,
    client,
    requests: () => readAccessLog(address.logFile, address.endpoint),
    async freshBucket(prefix = 'media') {
      const name = `${prefix}-${crypto.randomUUID().slice(0, 13)}`;
      await client.send(new CreateBucketCommand({ Bucket: name }));
      return name;
    },
  };
}

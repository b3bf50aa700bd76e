import { BreakingBucket } from '../bucket/breaking-bucket.ts';
import { BucketAddress } from '../bucket/bucket-address.ts';
import { BucketBinding } from '../bucket/bucket-binding.ts';
import { BucketSetup } from '../bucket/bucket-setup.ts';
import { GuardedBucket } from '../bucket/guarded-bucket.ts';
import { identityKey } from '../bucket/identity.ts';
import { IdentityGuard } from '../bucket/identity-guard.ts';
import { ObjectSender } from '../bucket/object-sender.ts';
import { RememberingBucket } from '../bucket/remembering-bucket.ts';
import { RequestSigner } from '../bucket/request-signer.ts';
import { S3PartStore } from '../bucket/s3-part-store.ts';
import { S3Reader } from '../bucket/s3-reader.ts';
import { S3Store } from '../bucket/s3-store.ts';
import { storeClient } from '../bucket/store-client.ts';
import { watchClient } from '../bucket/watched-client.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Rules } from '../protocol/state.ts';
import type { Context } from './context.ts';

/** How many absences are remembered at once. */
const maxRememberedAbsences = 100_000;

export type BucketParts = Awaited<ReturnType<typeof wireBucket>>;

/** The bucket: reads over undici, from the inside out; writes. */
export async function wireBucket({ config, metrics, report, teardown, acceptLoss }: Context, ledger: Ledger) {
  const { bucket } = config;
  const location = {
    endpoint: bucket.endpoint,
    name: bucket.name,
    keyPrefix: bucket.keyPrefix,
    addressing: bucket.addressing,
  };
  const credentials = { accessKeyId: bucket.accessKey, secretAccessKey: bucket.secretKey };
  const timeoutMs = bucket.connectTimeout + bucket.headersTimeout;
  const address = new BucketAddress(location);
  const reader = new S3Reader({
    address,
    signer: new RequestSigner({ region: bucket.region, credentials }),
    connections: bucket.connections,
    connectTimeoutMs: bucket.connectTimeout,
    headersTimeoutMs: bucket.headersTimeout,
    bodyTimeoutMs: bucket.bodyTimeout,
    signed: bucket.reads === 'signed',
  });
  teardown.add('bucket reads', () => reader.close());
  const client = storeClient({
    location,
    region: bucket.region,
    credentials,
    connectTimeoutMs: bucket.connectTimeout,
    socketTimeoutMs: bucket.bodyTimeout,
  });
  const ended = metrics.storeAnswered('copies');
  watchClient(client, ended);
  teardown.add('bucket writes', () => client.destroy());

  const binding = new BucketBinding({
    endpoint: bucket.endpoint,
    bucket: bucket.name,
    ledger,
    setup: new BucketSetup(client, bucket.name, bucket.keyPrefix),
    readIdentity: () => reader.readSigned(identityKey, AbortSignal.timeout(timeoutMs)),
    ...(bucket.reads === 'signed' && {
      publicStatus: (key: string) => reader.publicStatus(key, AbortSignal.timeout(timeoutMs)),
    }),
    troubled: report.bucketNotExamined,
    ...(acceptLoss && { acceptLoss: report.lossAccepted }),
  });
  const identity = new IdentityGuard(() => binding.check(), report.identityChanged);
  await identity.confirm();
  if (binding.refused) throw binding.refused;
  identity.watch(bucket.identityEvery);
  teardown.add('identity', () => identity.stop());

  const { failures, retryAfter: retryAfterMs } = bucket.breaker;
  const guarded = new GuardedBucket(new BreakingBucket(reader, { failures, retryAfterMs }), identity);
  const reads = new RememberingBucket(guarded, { ttlMs: bucket.absenceTtl, maxKeys: maxRememberedAbsences });
  const { name, keyPrefix, acls } = bucket;
  const storeOptions = { client, bucket: name, keyPrefix, acls, timeoutMs };
  const sender = new ObjectSender({
    address,
    signer: new RequestSigner({ region: bucket.region, credentials }),
    connectTimeoutMs: bucket.connectTimeout,
    silenceMs: bucket.bodyTimeout,
    ended,
  });
  teardown.add('uploads', () => sender.close());
  const store = new S3Store({ ...storeOptions, sender });
  const partStore = new S3PartStore(storeOptions);
  /** What the store can do; undefined while it is not known, or the bucket may be another. */
  const rules = (): Rules | undefined => {
    const { conditional } = binding;
    return conditional === undefined || !identity.trusted
      ? undefined
      : { conditional, acls, looks: config.copy.looks.length + 1 };
  };
  return { address, credentials, binding, identity, reads, store, partStore, rules };
}

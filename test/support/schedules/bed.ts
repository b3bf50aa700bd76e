import { join } from 'node:path';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { BucketAddress } from '../../../src/bucket/bucket-address.ts';
import { ObjectSender } from '../../../src/bucket/object-sender.ts';
import { RequestSigner } from '../../../src/bucket/request-signer.ts';
import { S3PartStore } from '../../../src/bucket/s3-part-store.ts';
import { S3Store } from '../../../src/bucket/s3-store.ts';
import { storeClient } from '../../../src/bucket/store-client.ts';
import { wholeOf } from '../../../src/gateway/store-answer.ts';
import { StoreGateway, type StoreRequest } from '../../../src/gateway/store-gateway.ts';
import { SqliteLedger } from '../../../src/ledger/sqlite-ledger.ts';
import { SqliteMarks } from '../../../src/marks/sqlite-marks.ts';
import { freshBucket, sharedRgw } from '../rgw.ts';
import { scratch } from '../scratch.ts';

/** Long enough for a machine that is busy with other things: an answer that does not come would be no choice of the seed's. */
const patienceMs = 60_000;

export type Bed = Awaited<ReturnType<typeof makeBed>>;

/** What all schedules share: the two databases, one bucket, and the clients for it that the program has. */
export async function makeBed() {
  const { endpoint, region, accessKey, secretKey } = sharedRgw();
  const directory = scratch('schedules');
  const marks = new SqliteMarks(join(directory, 'marks.db'));
  const ledger = new SqliteLedger(join(directory, 'ledger.db'), { batchMs: 4 });
  const name = await freshBucket('schedules');
  const location = { endpoint, name, keyPrefix: '', addressing: 'path' } as const;
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const timeouts = { connectTimeoutMs: patienceMs, socketTimeoutMs: patienceMs };
  const client = storeClient({ location, region, credentials, ...timeouts });
  const storeOptions = { client, bucket: name, keyPrefix: '', acls: true, timeoutMs: patienceMs };
  const address = new BucketAddress(location);
  const signer = new RequestSigner({ region, credentials });
  const sender = new ObjectSender({
    address,
    signer,
    connectTimeoutMs: patienceMs,
    silenceMs: patienceMs,
    ended: () => undefined,
  });
  const store = new S3Store({ ...storeOptions, sender });
  const partStore = new S3PartStore(storeOptions);
  const gateway = new StoreGateway({
    address,
    signer,
    connections: 32,
    connectTimeoutMs: patienceMs,
    waitTimeoutMs: patienceMs,
    stallTimeoutMs: patienceMs,
  });
  const never = new AbortController().signal;

  /** A signed request of the test's own. */
  const ask = async (asked: Pick<StoreRequest, 'method' | 'key'> & Partial<StoreRequest>) => {
    const answer = await gateway.send({ query: [], headers: {}, signal: never, ...asked });
    if (answer.kind === 'unknown') throw new Error('the real store gave no answer', { cause: answer.cause });
    return { status: answer.status, headers: answer.headers, text: (await wholeOf(answer.body)).toString() };
  };

  return {
    marks,
    ledger,
    store,
    partStore,
    gateway,
    ask,
    /** What anybody gets. */
    async anonymously(key: string) {
      const { statusCode, body } = await request(address.origin + address.pathOf(key));
      return { status: statusCode, text: await body.text() };
    },
    async put(key: string, content: string) {
      const body = { stream: Readable.from([Buffer.from(content)]), size: content.length };
      const { status, text } = await ask({ method: 'PUT', key, headers: { 'x-amz-acl': 'public-read' }, body });
      if (status !== 200) throw new Error(`the real store refused an upload: ${status} ${text}`);
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await sender.close();
      await gateway.close();
      await marks.close();
      await ledger.close();
    },
  };
}

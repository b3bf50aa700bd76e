import { BucketAddress } from '../bucket/bucket-address.ts';
import { RequestSigner } from '../bucket/request-signer.ts';
import { storeClient } from '../bucket/store-client.ts';
import { StoreQuestions } from '../bucket/store-questions.ts';
import type { Config } from '../config/schema.ts';

/** Connections to the store: like those of a few readers. */
const storeConnections = 8;

/** The bucket as the doctor asks it. */
export function wireStoreDoor({ bucket }: Config) {
  const { endpoint, name, keyPrefix, addressing, region, connectTimeout, headersTimeout, bodyTimeout } = bucket;
  const location = { endpoint, name, keyPrefix, addressing };
  const credentials = { accessKeyId: bucket.accessKey, secretAccessKey: bucket.secretKey };
  const address = new BucketAddress(location);
  const client = storeClient({
    location,
    region,
    credentials,
    connectTimeoutMs: connectTimeout,
    socketTimeoutMs: bodyTimeout,
  });
  const door = new StoreQuestions({
    address,
    signer: new RequestSigner({ region, credentials }),
    client,
    bucket: name,
    keyPrefix,
    connectTimeoutMs: connectTimeout,
    headersTimeoutMs: headersTimeout,
    connections: storeConnections,
  });
  return {
    door,
    host: address.host,
    async close() {
      client.destroy();
      await door.close();
    },
  };
}

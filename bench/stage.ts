import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mastodonKey, writeMedia } from '../test/support/media-files.ts';
import { type RgwAddress, startRgwDaemons } from '../test/support/rgw-daemons.ts';
import { scratch } from '../test/support/scratch.ts';
import type { Cores } from './isolation.ts';

/** An object or a file. */
export interface Item {
  readonly key: string;
  readonly size: number;
}

/** What every measurement stands on: a real Ceph gateway, and the cores. */
export interface Stage extends AsyncDisposable {
  readonly store: RgwAddress;
  readonly client: S3Client;
  readonly cores: Cores;
  /** Where to keep the CPU profiles of upstairs; undefined: none are taken. */
  readonly profiles: string | undefined;
  /** Creates a bucket and returns its name. */
  freshBucket(): Promise<string>;
}

export async function setStage(cores: Cores, profiles: string | undefined): Promise<Stage> {
  process.env.RGW_DEBUG = '0/0'; // no access log: the store shares its core with the load
  process.env.RGW_STORE_BYTES = String(8 * 2 ** 30); // a full store stands still; three rounds of everything are more than 4 GiB
  const store = await startRgwDaemons();
  const client = new S3Client({
    endpoint: store.endpoint,
    region: store.region,
    credentials: { accessKeyId: store.accessKey, secretAccessKey: store.secretKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  return {
    store,
    client,
    cores,
    profiles,
    async freshBucket() {
      const Bucket = `bench-${crypto.randomUUID().slice(0, 13)}`;
      await client.send(new CreateBucketCommand({ Bucket }));
      return Bucket;
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await store.stop();
    },
  };
}

/** Where the media are: some in the bucket, some only on the disk. */
export interface Media {
  readonly bucket: string;
  /** The disk's directory. */
  readonly root: string;
  /** Upstairs' own. A bucket belongs to one of them, so it outlives the servers. */
  readonly stateDir: string;
  /** In the bucket, 20 kB each. */
  readonly pictures: readonly Item[];
  /** In the bucket, 4 MB. */
  readonly video: Item;
  /** On the disk only, 20 kB each. */
  readonly below: readonly Item[];
}

/** As many as are read in turn: more than a connection each, few enough to stay in every cache. */
const howMany = 200;

export async function placeMedia(stage: Stage): Promise<Media> {
  const bucket = await stage.freshBucket();
  const root = scratch('disk');
  const picture = (n: number): Item => ({ key: mastodonKey(n, 'jpg'), size: 20_000 });
  const pictures = Array.from({ length: howMany }, (_, n) => picture(n));
  const below = Array.from({ length: howMany }, (_, n) => picture(howMany + n));
  const video = { key: mastodonKey(2 * howMany, 'mp4'), size: 4_000_000 };
  for (const { key, size } of [...pictures, video]) {
    const type = key.endsWith('.mp4') ? 'video/mp4' : 'image/jpeg';
    await stage.client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: randomBytes(size),
        ACL: 'public-read',
        ContentType: type,
        CacheControl: 'public, max-age=315576000, immutable',
      }),
    );
  }
  for (const { key, size } of below) await writeMedia(root, key, randomBytes(size));
  return { bucket, root, stateDir: scratch('state'), pictures, video, below };
}

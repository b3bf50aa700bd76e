import { sharedRgw } from '../support/rgw.ts';
import { clientBucket, clientKeys, clientRegion, writeWorld } from '../support/write-world.ts';

/** A way into a bucket, for any client: the store's own, or the write host before it. */
export interface Door {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  /** What clients call the bucket, and what the store calls it. */
  readonly bucket: string;
  readonly storeBucket: string;
  /** Whether it is the write host. */
  readonly guarded: boolean;
}

export const doors: readonly { where: string; open: () => Promise<Door> }[] = [
  {
    where: 'directly at the store, to prove the script',
    async open() {
      const { endpoint, accessKey, secretKey, region, freshBucket } = sharedRgw();
      const bucket = await freshBucket();
      return { endpoint, accessKey, secretKey, region, bucket, storeBucket: bucket, guarded: false };
    },
  },
  {
    where: 'through the write host',
    async open() {
      // As behind a proxy that speaks TLS: presigned uploads have no hash of their body.
      const { writeUrl: endpoint, bucket: storeBucket } = await writeWorld({ trustProxy: ['127.0.0.1'] });
      const { accessKey, secretKey } = clientKeys.mastodon;
      return { endpoint, accessKey, secretKey, region: clientRegion, bucket: clientBucket, storeBucket, guarded: true };
    },
  },
];

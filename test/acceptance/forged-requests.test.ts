import {
  CreateMultipartUploadCommand,
  HeadBucketCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bucketSnapshot } from '../support/bucket-snapshot.ts';
import { type ForgeContext, forge, present, wireBytes } from '../support/forge.ts';
import { forgedRequests } from '../support/forged-requests.ts';
import { honestHere, honestRequests } from '../support/honest-requests.ts';
import { needs } from '../support/left-out.ts';
import { sendRaw } from '../support/raw-http.ts';
import { sharedRgw } from '../support/rgw.ts';
import { clientBucket, clientKeys, clientRegion, type WriteWorld, writeWorld } from '../support/write-world.ts';

const secrets = [
  ...Object.values(clientKeys).map(({ secretKey }) => secretKey),
  'testtest',
  'content of another bucket',
];

/** A bucket with what forgers are after, and another one beside it. */
async function prey(client: S3Client, bucket: string, storeBucket = bucket, keyPrefix = '') {
  const otherBucket = await sharedRgw().freshBucket('other');
  const store = sharedRgw().client;
  await store.send(new PutObjectCommand({ Bucket: otherBucket, Key: 'secret', Body: 'content of another bucket' }));
  for (const key of [present, 'scoped/own.jpg']) {
    await store.send(new PutObjectCommand({ Bucket: storeBucket, Key: `${keyPrefix}${key}`, Body: 'kept' }));
  }
  const upload = { Bucket: bucket, Key: 'parts/video.mp4' };
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand(upload));
  const part = { ...upload, UploadId, PartNumber: 1, Body: 'part' };
  const { ETag = '' } = await client.send(new UploadPartCommand(part));
  const { accessKey, secretKey } = sharedRgw();
  return {
    bucket,
    storeBucket,
    otherBucket,
    storeKey: { accessKey, secretKey },
    upload: { key: upload.Key, id: UploadId, etag: ETag },
  };
}

describe.skipIf(needs('ceph').skip)('the forger', () => {
  test('makes requests that the store itself grants, so that only what is forged is wrong with the others', async () => {
    const rgw = sharedRgw();
    const found = await prey(rgw.client, await rgw.freshBucket());
    const { hostname, port, host } = new URL(rgw.endpoint);
    expect(hostname).toBe('127.0.0.1');
    const keys = Object.fromEntries(Object.keys(clientKeys).map((name) => [name, found.storeKey]));
    const context = { ...found, host, region: rgw.region, keys: keys as ForgeContext['keys'], now: new Date() };
    for (const { name, make, status } of honestRequests) {
      const answer = await sendRaw(Number(port), wireBytes(forge(context, make(context))));
      expect([name, answer.status, answer.status === status ? '' : answer.raw.toString()]).toEqual([name, status, '']);
    }
  });
});

describe.skipIf(needs('ceph').skip).each([
  { where: 'a bucket of our own', keyPrefix: '' },
  { where: 'a part of a bucket', keyPrefix: 'shared/media/' },
])('the write host before $where', ({ keyPrefix }) => {
  const ends: (() => Promise<unknown>)[] = [];
  let world: WriteWorld;
  let context: Omit<ForgeContext, 'now'>;
  let first: string[];
  let before: string[];
  const now = () => ({ ...context, now: new Date() });
  const look = () => bucketSnapshot(world.rgw.client, world.bucket);

  beforeAll(async () => {
    world = await writeWorld({ atEnd: (end) => ends.unshift(end), config: { bucket: { keyPrefix } } });
    const found = await prey(world.client(), clientBucket, world.bucket, keyPrefix);
    context = { ...found, host: 's3.test', region: clientRegion, keys: clientKeys };
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test.each([...honestRequests, ...honestHere])('grants: $name', async ({ make, status }) => {
    const { status: got, raw } = await sendRaw(world.writePort, wireBytes(forge(now(), make(now()))));
    expect([got, got === status ? '' : raw.toString()]).toEqual([status, '']);
  });

  describe('refuses', () => {
    beforeAll(async () => {
      first = before = await look();
      expect(before.length).toBeGreaterThan(3);
    });

    test.each(forgedRequests)(
      '$name',
      async ({ bytes, status, code, authorised, mayClose = false, thenEnd = false }) => {
        const reached = world.reached().length;
        const answer = await sendRaw(world.writePort, bytes(now()), { thenEnd });
        const text = answer.raw.toString();
        for (const secret of secrets) expect(text).not.toContain(secret);
        if (answer.status !== undefined || !mayClose) {
          expect(status, text).toContain(answer.status);
          if (code.length > 0) {
            expect(code, text).toContain(/<Code>(\w+)<\/Code>/.exec(text)?.[1]);
            if (answer.status !== 200) expect(text).toMatch(/<RequestId>[^<]+<\/RequestId>/);
          }
        }
        if (!authorised) expect(world.reached().slice(reached)).toEqual([]);
        const was = before;
        before = await look(); // one that came through is not held against those after it
        expect(before).toEqual(was);
      },
    );

    test('and nothing of it appears later, anywhere', async () => {
      expect(await look()).toEqual(first);
      const other = await bucketSnapshot(world.rgw.client, context.otherBucket);
      expect(other.map((line) => line.split(' ')[0])).toEqual(['secret']);
      const made = world.rgw.client.send(new HeadBucketCommand({ Bucket: 'forged-bucket' }));
      await expect(made).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
      expect((await world.upstairs.admin('/readyz')).status).toBe(200);
    });
  });

  test("never lists the program's own objects", async () => {
    const own = await look();
    expect(own.some((line) => line.startsWith(`${keyPrefix}_upstairs/identity `))).toBe(true);
    for (const query of [
      'list-type=2',
      '',
      'list-type=2&delimiter=%2F',
      'list-type=2&prefix=_up',
      'prefix=_upstairs%2F',
    ]) {
      const { raw } = await sendRaw(world.writePort, wireBytes(forge(now(), { path: `/${clientBucket}`, query })));
      expect(raw.toString()).not.toMatch(/<Key>_upstairs|<CommonPrefixes><Prefix>_upstairs/);
    }
  });
});

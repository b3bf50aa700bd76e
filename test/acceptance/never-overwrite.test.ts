import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Decide, type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { jpeg, mastodonKey } from '../support/media-files.ts';
import { sharedRgw } from '../support/rgw.ts';
import { world } from '../support/world.ts';

const key = mastodonKey(1, 'jpg');
const onDisk = jpeg(1, { bytes: 40_000 });
const newer = jpeg(2, { bytes: 41_000 });

async function proxied(decide: Decide, dropHeader: string[] = []): Promise<FaultProxy> {
  const proxy = await faultProxy(sharedRgw().endpoint, decide, { dropHeader });
  onTestFinished(() => proxy.close());
  return proxy;
}

const upload = (bucket: string) =>
  sharedRgw().client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: newer, ACL: 'public-read' }));

describe.skipIf(needs('ceph').skip)('an object that is in the bucket already is never overwritten by a copy', () => {
  test('it arrives between the read and the upload: the upload is refused, and it is recorded as superseded', async () => {
    const bucket = await sharedRgw().freshBucket();
    let arrived = 0;
    const proxy = await proxied(({ method, path }) => {
      if (method !== 'PUT' || path !== `/${bucket}/${key}`) return 'pass';
      return { before: () => arrived++ || upload(bucket) };
    });
    const { upstairs, facts } = await world({ bucket, endpoint: proxy.endpoint, files: { [key]: onDisk } });
    expect((await upstairs.get(`/${key}`)).body.equals(onDisk)).toBe(true);
    await eventually(async () =>
      expect(await upstairs.metric('upstairs_ledger_keys', { status: 'superseded' })).toBe(1),
    );
    expect(arrived).toBe(1);
    expect(Buffer.from((await facts(key))?.body ?? '').equals(newer)).toBe(true);
  });

  test('it was there before with the same bytes, as an earlier rclone leaves it: recorded as copied, not sent over it', async () => {
    const bucket = await sharedRgw().freshBucket();
    const same = () =>
      sharedRgw().client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: onDisk, ACL: 'public-read' }));
    const proxy = await proxied(({ method, path }) =>
      method === 'PUT' && path === `/${bucket}/${key}` ? { before: same } : 'pass',
    );
    const { upstairs, facts } = await world({ bucket, endpoint: proxy.endpoint, files: { [key]: onDisk } });
    await upstairs.get(`/${key}`);
    await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(1));
    expect((await facts(key))?.metadata['upstairs-copy']).toBeUndefined();
  });

  test('a store that ignores If-None-Match is found out at the start, and what was there at the last HEAD stays', async () => {
    const bucket = await sharedRgw().freshBucket();
    let heads = 0;
    const proxy = await proxied(
      ({ method, path, headers }) => {
        if (method !== 'HEAD' || path !== `/${bucket}/${key}`) return 'pass';
        // The reader's own HEAD comes first; the copy's is signed by the SDK.
        if (!String(headers['user-agent']).includes('aws-sdk')) return 'pass';
        heads += 1;
        return heads === 1 ? { before: () => upload(bucket) } : 'pass';
      },
      ['if-none-match'],
    );
    const { upstairs, facts, puts } = await world({ bucket, endpoint: proxy.endpoint, files: { [key]: onDisk } });
    expect((await upstairs.get(`/${key}`)).status).toBe(200);
    await eventually(async () =>
      expect(await upstairs.metric('upstairs_ledger_keys', { status: 'superseded' })).toBe(1),
    );
    expect(Buffer.from((await facts(key))?.body ?? '').equals(newer)).toBe(true);
    expect(await puts(key)).toEqual([200]);
  });

  test('a store that ignores If-None-Match still gets what it does not have', async () => {
    const proxy = await proxied(() => 'pass', ['if-none-match']);
    const { upstairs, facts, puts } = await world({ endpoint: proxy.endpoint, files: { [key]: onDisk } });
    await upstairs.get(`/${key}`);
    await eventually(async () => expect(Buffer.from((await facts(key))?.body ?? '').equals(onDisk)).toBe(true));
    expect(await puts(key)).toEqual([200]);
  });
});

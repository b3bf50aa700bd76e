import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Decide, faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { tierOf, type World, world } from '../support/world.ts';

/** Nothing is small enough for the cache: what is served comes from a tier. */
const signed = {
  bucket: { reads: 'signed', acls: false, identityEvery: '200ms' },
  copy: { minAge: '0ms' },
  cache: { maxObject: '1B' },
};

/** A disk that is empty counts as not mounted. */
const filler = { 'filler.jpg': Buffer.from('a file') };

/** Makes of a gateway that honours ACLs a private bucket that has none, as S3 is by default now. */
const withoutAcls: Decide = ({ query, headers }) => {
  if (headers.authorization === undefined) return { status: 403 };
  if (!query.has('acl') && headers['x-amz-acl'] === undefined) return 'pass';
  return { status: 400, body: '<Error><Code>AccessControlListNotSupported</Code></Error>' };
};

async function privateBucket(files: Record<string, Uint8Array> = filler, stateDir = scratch('state')) {
  const rgw = sharedRgw();
  const bucket = await rgw.freshBucket();
  const proxy = await faultProxy(rgw.endpoint, withoutAcls);
  onTestFinished(() => proxy.close());
  const start = () => world({ files, bucket, endpoint: proxy.endpoint, stateDir, config: signed });
  const put = (Key: string, Body: string) => rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  return { ...(await start()), proxy, put, start, stateDir };
}

const read = async ({ upstairs }: Pick<World, 'upstairs'>, path: string) => {
  const { status, headers, text } = await upstairs.get(path);
  return [status, tierOf(headers), status === 200 ? text : ''];
};

describe.skipIf(needs('ceph').skip)('signed reads of a private bucket without ACLs', () => {
  test('serve what the bucket holds, in whole and in part', async () => {
    const at = await privateBucket();
    await at.put('a.jpg', '0123456789');
    const part = await at.upstairs.get('/a.jpg', { headers: { range: 'bytes=2-4' } });
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, '234', 'bytes 2-4/10']);
    expect(await read(at, '/a.jpg')).toEqual([200, 'bucket', '0123456789']);
    const head = await at.upstairs.get('/a.jpg', { method: 'HEAD' });
    expect([head.status, head.headers['content-length']]).toEqual([200, '10']);
    expect((await read(at, '/none.jpg'))[0]).toBe(404);
  });

  test('serve what was copied from a disk', async () => {
    const bytes = Buffer.from('a picture');
    const at = await privateBucket({ 'below.jpg': bytes });
    expect(await read(at, '/below.jpg')).toEqual([200, 'basement', 'a picture']);
    await eventually(async () =>
      expect(await at.upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(1),
    );
    const again = await at.upstairs.get('/below.jpg', { headers: { range: 'bytes=1-' } });
    expect([again.status, tierOf(again.headers), again.text]).toEqual([206, 'bucket', ' picture']);
  });

  test('show nothing of what a mark hides, though the bucket would give it', async () => {
    const at = await privateBucket();
    await at.put('suspended.jpg', 'hidden');
    expect((await read(at, '/suspended.jpg'))[0]).toBe(200);
    await at.upstairs.kill();
    const marks = new DatabaseSync(join(at.stateDir, 'marks.db'));
    marks.exec("INSERT INTO marks (key, generation, below, shown) VALUES ('suspended.jpg', 1, 'open', 'private')");
    marks.close();
    const { upstairs } = await at.start();
    expect((await upstairs.get('/suspended.jpg')).status).toBe(404);
    expect((await upstairs.get('/suspended.jpg', { method: 'HEAD' })).status).toBe(404);
  });

  test('that the store refuses are an outage, and no absence', async () => {
    const at = await privateBucket();
    await at.put('a.jpg', 'a picture');
    at.proxy.decide = ({ path }) => (path.endsWith('.jpg') ? { status: 403 } : 'pass');
    for (const path of ['/a.jpg', '/none.jpg'])
      expect([path, (await at.upstairs.get(path)).status]).toEqual([path, 503]);
  });

  test('are refused at every start before a bucket that honours ACLs, with what to set instead', async () => {
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    const stateDir = scratch('state');
    for (let start = 0; start < 2; start++) {
      const starting = world({ files: filler, bucket, stateDir, config: signed });
      await expect(starting).rejects.toThrow(/set bucket\.acls: true and bucket\.reads: anonymous/);
    }
  });

  test('wait with readers until it is known that no ACL is honoured', async () => {
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    const proxy = await faultProxy(rgw.endpoint, (request) =>
      request.headers['x-amz-acl'] ? { status: 503 } : withoutAcls(request),
    );
    onTestFinished(() => proxy.close());
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a.jpg', Body: 'a picture' }));
    const at = await world({ files: filler, bucket, endpoint: proxy.endpoint, config: signed });
    expect((await at.upstairs.get('/a.jpg')).status).toBe(503);
    proxy.decide = withoutAcls;
    await eventually(async () => expect((await at.upstairs.get('/a.jpg')).status).toBe(200));
  });
});

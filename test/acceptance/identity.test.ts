import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { merge, type PlainConfig } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { basement, writeMedia } from '../support/media-files.ts';
import { objectFacts, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';

const identity = '_upstairs/identity';

/** A bucket that a program has bound itself to and has copied one file into, and a disk with more. */
async function bound() {
  const rgw = sharedRgw();
  const bucket = await rgw.freshBucket();
  const root = scratch('root');
  const stateDir = scratch('state');
  await basement(root, { 'moved.jpg': 'moved', 'below.jpg': 'on the disk', 'asked-later.jpg': 'asked for later' });
  await rgw.client.send(
    new PutObjectCommand({ Bucket: bucket, Key: 'above.jpg', Body: 'only above', ACL: 'public-read' }),
  );
  const proxy = await faultProxy(rgw.endpoint);
  onTestFinished(() => proxy.close());
  const config = (over: PlainConfig = {}) =>
    merge(
      merge(baseConfig({ endpoint: proxy.endpoint, bucket, root, stateDir }), {
        bucket: { identityEvery: '300ms', absenceTtl: '20ms' },
        // Nothing is served from memory here: every answer tells what the tiers say now.
        cache: { maxSize: '2KiB', maxObject: '1B' },
        copy: { minAge: '0ms', retry: { first: '200ms', most: '300ms', times: 1000 } },
      }),
      over,
    );
  const start = async (over?: PlainConfig) => {
    const upstairs = await startUpstairs({ config: config(over) });
    onTestFinished(() => upstairs.dispose());
    return upstairs;
  };
  const upstairs = await start();
  await upstairs.get('/moved.jpg');
  await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(1));
  const object = await rgw.client.send(new GetObjectCommand({ Bucket: bucket, Key: identity }));
  const text = (await object.Body?.transformToString()) ?? '';
  return { rgw, bucket, root, proxy, start, upstairs, text };
}

const writes = (proxy: FaultProxy) => proxy.seen.filter(({ method }) => !['GET', 'HEAD'].includes(method));

/** What an operator may rely on while the bucket is not known to be the right one. */
async function expectHarmless(upstairs: Upstairs, proxy: FaultProxy) {
  const before = writes(proxy).length;
  for (const method of ['GET', 'HEAD'] as const) {
    const below = await upstairs.get('/below.jpg', { method });
    expect(below.status).toBe(200);
    if (method === 'GET') expect(below.text).toBe('on the disk');
  }
  // Copied already, and still on the disk: it can be delivered.
  expect(await upstairs.get('/moved.jpg')).toMatchObject({ status: 200, text: 'moved' });
  for (const key of ['above.jpg', 'nobody.jpg']) {
    const answer = await upstairs.get(`/${key}`);
    expect([key, answer.status]).toEqual([key, 503]);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'retry-after': expect.any(String) });
    expect((await upstairs.get(`/${key}`, { method: 'HEAD' })).status).toBe(503);
    expect((await upstairs.get(`/${key}`, { headers: { range: 'bytes=0-1' } })).status).toBe(503);
  }
  await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'wanted' })).toBe(1));
  // Several turns of the mover, several looks at the identity and several tries later, nothing has changed.
  await sleep(1500);
  expect(await upstairs.metric('upstairs_ledger_keys', { status: 'wanted' })).toBe(1);
  expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(1);
  expect(await upstairs.metric('upstairs_ledger_keys', { status: 'refused' })).toBe(0);
  expect(await upstairs.metric('upstairs_vanished_total')).toBe(0);
  expect(writes(proxy).slice(before)).toEqual([]);
  const ready = await upstairs.admin('/readyz');
  expect(ready.status).toBe(503);
  return ready.text;
}

async function expectCopyingAgain(upstairs: Upstairs, { rgw, bucket }: Awaited<ReturnType<typeof bound>>) {
  await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(200), { withinMs: 6000 });
  await eventually(async () => expect(await objectFacts(rgw.client, bucket, 'below.jpg')).toBeDefined());
  await upstairs.get('/asked-later.jpg');
  await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(3));
}

describe.skipIf(needs('ceph').skip)('a ledger that belongs to one bucket', () => {
  test('copies nothing into another that the configuration names by mistake, and goes on with the right one', async () => {
    const world = await bound();
    await world.upstairs.kill();
    const wrong = await world.rgw.freshBucket();
    const mistaken = await world.start({ bucket: { name: wrong } });
    expect(await expectHarmless(mistaken, world.proxy)).toContain('another state directory');
    const { KeyCount } = await world.rgw.client.send(new ListObjectsV2Command({ Bucket: wrong }));
    expect(KeyCount).toBe(0);
    await mistaken.kill();
    await expectCopyingAgain(await world.start(), world);
  });

  test('copies nothing while the configuration names a bucket that does not exist', async () => {
    const world = await bound();
    await world.upstairs.kill();
    const mistaken = await world.start({ bucket: { name: 'there-is-no-such-bucket' } });
    expect(await expectHarmless(mistaken, world.proxy)).toContain('bucket.name');
  });

  test('copies nothing into a bucket that belongs to another ledger, and leaves its identity alone', async () => {
    const world = await bound();
    const other = await bound();
    await world.upstairs.kill();
    const mistaken = await world.start({ bucket: { name: other.bucket } });
    await expectHarmless(mistaken, world.proxy);
    const facts = await objectFacts(world.rgw.client, other.bucket, identity);
    expect(Buffer.from(facts?.body ?? []).toString()).toBe(other.text);
  });

  test('stops using its bucket when the identity is deleted, and goes on when it is back', async () => {
    const world = await bound();
    const { rgw, bucket, upstairs, proxy, text } = world;
    await rgw.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: identity }));
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(503));
    expect(await expectHarmless(upstairs, proxy)).toContain('identity');
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: identity, Body: text }));
    await expectCopyingAgain(upstairs, world);
    expect((await upstairs.get('/nobody.jpg')).status).toBe(404);
    expect((await upstairs.get('/above.jpg')).text).toBe('only above');
  });

  test('does not even send the upload that falls due between two checks of the identity', async () => {
    const world = await bound();
    const { rgw, bucket, proxy, text } = world;
    await world.upstairs.kill();
    const upstairs = await world.start({
      bucket: { identityEvery: '1h', absenceTtl: '1h' },
      copy: { minAge: '3s', retry: { first: '100ms' } },
    });
    await writeMedia(world.root, 'young.jpg', 'still young', { mtime: new Date() });
    expect((await upstairs.get('/young.jpg')).text).toBe('still young');
    await eventually(async () =>
      expect(await upstairs.metric('upstairs_copies_total', { outcome: 'later', reason: 'too-young' })).toBe(1),
    );
    // From here on nobody asks for anything: only the copy itself can notice.
    await rgw.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: identity }));
    const before = writes(proxy).length;
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(503), { withinMs: 8000 });
    expect(writes(proxy).slice(before)).toEqual([]);
    expect(await upstairs.metric('upstairs_ledger_keys', { status: 'wanted' })).toBe(1);
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: identity, Body: text }));
    await eventually(async () => expect(await objectFacts(rgw.client, bucket, 'young.jpg')).toBeDefined(), {
      withinMs: 8000,
    });
  });

  test('stops using its bucket when that is deleted, and goes on when it is restored', async () => {
    const world = await bound();
    const { rgw, bucket, upstairs, proxy, text } = world;
    const { Contents = [] } = await rgw.client.send(new ListObjectsV2Command({ Bucket: bucket }));
    // The identity first: as long as it is there, an absence is one.
    for (const { Key } of Contents.sort((a) => (a.Key === identity ? -1 : 1)))
      await rgw.client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    await rgw.client.send(new DeleteBucketCommand({ Bucket: bucket }));
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(503));
    expect(await expectHarmless(upstairs, proxy)).toContain('bucket.name');
    await rgw.client.send(new CreateBucketCommand({ Bucket: bucket }));
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: identity, Body: text }));
    await expectCopyingAgain(upstairs, world);
  });

  test('a new state directory before a bucket that has an identity uses no source and changes nothing', async () => {
    const world = await bound();
    await world.upstairs.kill();
    const before = writes(world.proxy).length;
    const lost = await world.start({ state: { dir: scratch('new-state') } });
    for (const key of ['below.jpg', 'moved.jpg', 'above.jpg', 'nobody.jpg'])
      expect([key, (await lost.get(`/${key}`)).status]).toEqual([key, 503]);
    const ready = await lost.admin('/readyz');
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining('state.dir')]);
    expect(await lost.metric('upstairs_ledger_keys')).toBe(0);
    expect(writes(world.proxy).slice(before)).toEqual([]);
  });
});

import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type Decide, faultProxy } from '../../support/fault-proxy.ts';
import { needs } from '../../support/left-out.ts';
import { freshBucket, objectFacts, s3Client, sharedRgw } from '../../support/rgw.ts';

const big = Buffer.alloc(3_000_000, 'x');

async function before(decide?: Decide, options?: Parameters<typeof faultProxy>[2]) {
  const { endpoint, client: direct } = sharedRgw();
  const Bucket = await freshBucket();
  const proxy = await faultProxy(endpoint, decide, options);
  const client = s3Client(proxy);
  const put = (Key: string, Body: string | Buffer = 'v', more: object = {}, by: S3Client = client) =>
    by.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const get = async (Key: string) =>
    (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
  return { proxy, put, get, Bucket, client, direct, inStore: (key: string) => objectFacts(direct, Bucket, key) };
}

describe.skipIf(needs('ceph').skip)('the proxy that breaks things', () => {
  test('passes signed requests on, large and oddly named ones too', async () => {
    const { proxy, put, get, Bucket, client, inStore } = await before();
    await using _ = proxy;
    await put('a b/é+&=.bin', big, { CacheControl: 'max-age=1', Metadata: { a: 'b' } });
    expect(await inStore('a b/é+&=.bin')).toMatchObject({ size: big.length, cacheControl: 'max-age=1' });
    expect((await get('a b/é+&=.bin'))?.length).toBe(big.length);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'a b/é+&=.bin' }));
    expect(head.ContentLength).toBe(big.length);
    expect(proxy.seen.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual([
      `PUT /${Bucket}/a b/é+&=.bin 200`,
      `GET /${Bucket}/a b/é+&=.bin 200`,
      `HEAD /${Bucket}/a b/é+&=.bin 200`,
    ]);
  });

  test('swallows an answer: the object is there, the client knows nothing', async () => {
    const { proxy, put, inStore } = await before(() => 'swallow-answer');
    await using _ = proxy;
    await expect(put('k', big)).rejects.toThrow();
    expect(proxy.seen[0]?.status).toBe(200);
    expect(await inStore('k')).toMatchObject({ size: big.length });
  });

  test('holds answers back until it releases them', async () => {
    const { proxy, put, inStore } = await before(() => 'hang');
    await using _ = proxy;
    let answered = false;
    const putting = put('k').then(() => {
      answered = true;
    });
    await eventually(async () => expect(await inStore('k')).toBeDefined());
    expect(answered).toBe(false);
    await eventually(() => proxy.seen[0]?.status === 200);
    proxy.release();
    await putting;
  });

  test('refuses, delays, answers itself and lets others act first', async () => {
    const { proxy, put, get, direct } = await before(() => 'refuse');
    await using _ = proxy;
    await expect(put('k')).rejects.toThrow(/ECONNRESET|hang up/);

    proxy.decide = () => ({ status: 503, body: '<Error><Code>SlowDown</Code></Error>' });
    await expect(put('k', big)).rejects.toMatchObject({ name: 'SlowDown', $metadata: { httpStatusCode: 503 } });

    proxy.decide = () => ({ before: () => put('k', 'theirs', {}, direct) });
    expect(await get('k')).toBe('theirs');

    proxy.decide = () => ({ delayMs: 200 });
    const started = performance.now();
    await get('k');
    expect(performance.now() - started).toBeGreaterThan(190);
  });

  test('cuts a request or an answer in the middle', async () => {
    const { proxy, put, get, inStore } = await before(() => ({ abortAfterRequestBytes: 1_000_000 }));
    await using _ = proxy;
    await expect(put('k', big)).rejects.toThrow();
    expect(await inStore('k')).toBeUndefined();

    proxy.decide = () => 'pass';
    await put('k', big);
    proxy.decide = () => ({ abortAfterResponseBytes: 1_000_000 });
    await expect(get('k')).rejects.toThrow(/aborted|terminated|hang up/);
  });

  test('makes a store that ignores If-None-Match out of one that does not', async () => {
    const { proxy, put, inStore, direct } = await before(() => 'pass', { dropHeader: ['if-none-match'] });
    await using _ = proxy;
    await put('k é', 'first');
    await expect(put('k é', 'second', { IfNoneMatch: '*' }, direct)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 412 },
    });
    await put('k é', 'third', { IfNoneMatch: '*' });
    expect(Buffer.from((await inStore('k é'))?.body ?? []).toString()).toBe('third');
  });
});

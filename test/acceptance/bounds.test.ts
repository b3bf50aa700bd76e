import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Decision, faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { jpeg, mastodonKey, mp4 } from '../support/media-files.ts';
import { sharedRgw } from '../support/rgw.ts';
import { tierOf, world } from '../support/world.ts';

describe.skipIf(needs('ceph').skip)('what is bounded', () => {
  test('slow readers of ranges keep no connection of the bucket from others', { timeout: 60_000 }, async () => {
    const big = mastodonKey(1, 'mp4');
    const small = mastodonKey(2, 'jpg');
    const video = mp4(1, 30_000_000);
    const { upstairs, rgw, bucket } = await world({
      files: { 'a/b.jpg': jpeg(9) },
      config: { bucket: { connections: 4, identityEvery: '1s' }, cache: { maxObject: 1 } },
    });
    const put = (Key: string, Body: Uint8Array) =>
      rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ACL: 'public-read' }));
    await Promise.all([put(big, video), put(small, jpeg(2))]);
    // Their players are paused: they take the head of the answer and no more.
    const paused = await Promise.all(
      Array.from({ length: 12 }, () => upstairs.open(`/${big}`, { headers: { range: 'bytes=1-' } })),
    );
    onTestFinished(() => {
      for (const { body } of paused) body.on('error', () => undefined).destroy();
    });
    expect(paused.map(({ statusCode }) => statusCode)).toEqual(paused.map(() => 206));
    await sleep(1500);
    for (let n = 0; n < 5; n++) {
      const answer = await upstairs.get(`/${small}`);
      expect([answer.status, tierOf(answer.headers)]).toEqual([200, 'bucket']);
    }
    expect((await upstairs.get('/no/where.jpg')).status).toBe(404);
    expect((await upstairs.admin('/readyz')).status).toBe(200);
    // One of them goes on, and gets every byte.
    const last = paused.pop();
    expect(
      Buffer.from(new Uint8Array((await last?.body.arrayBuffer()) ?? new ArrayBuffer(0))).equals(video.subarray(1)),
    ).toBe(true);
  });

  test.each<[string, () => Decision]>([
    // Not 503: the store asks to be left alone with that, and is.
    ['are answered early with an error', () => ({ status: 500 })],
    ['meet an object that is there', () => ({ status: 412 })],
    ['are refused', () => ({ status: 400 })],
    ['break off', () => ({ abortAfterRequestBytes: 100_000 })],
    ['find nobody', () => 'refuse'],
  ])('uploads that %s leave nothing in the spool', async (_what, decide) => {
    const key = mastodonKey(3, 'mp4');
    const proxy = await faultProxy(sharedRgw().endpoint, ({ method, path }) =>
      method === 'PUT' && path.endsWith('.mp4') ? decide() : 'pass',
    );
    onTestFinished(() => proxy.close());
    const { upstairs } = await world({
      files: { [key]: mp4(3, 6_000_000) },
      endpoint: proxy.endpoint,
      config: { copy: { looks: ['100ms', '200ms'], retry: { first: '50ms', most: '100ms', times: 3 } } },
    });
    await upstairs.get(`/${key}`);
    const sent = () => proxy.seen.filter(({ method, path }) => method === 'PUT' && path.endsWith('.mp4')).length;
    await eventually(() => expect(sent()).toBeGreaterThan(2), { withinMs: 15_000 });
    await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'refused' })).toBe(1), {
      withinMs: 20_000,
    });
    await eventually(async () => expect(await upstairs.metric('upstairs_spool_bytes')).toBe(0));
    expect(upstairs.output()).toBe('');
  });
});

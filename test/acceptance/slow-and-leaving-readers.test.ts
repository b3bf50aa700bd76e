import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { mastodonKey, mp4 } from '../support/media-files.ts';
import { tierOf, world } from '../support/world.ts';

const key = mastodonKey(1, 'mp4');
const size = 60_000_000;
const video = mp4(7, size);
const sum = createHash('md5').update(video).digest('hex');

describe.skipIf(needs('ceph', 'fuse').skip)('readers of a 60 MB video that is still below', () => {
  test('one that leaves after 10 kB still leads to exactly one whole copy', async () => {
    const { upstairs, facts, puts, disk } = await world({ files: { [key]: video }, faulty: true });
    const { body } = await upstairs.open(`/${key}`);
    let seen = 0;
    for await (const chunk of body) {
      seen += chunk.length;
      if (seen > 10_000) break;
    }
    await eventually(async () => expect((await facts(key))?.md5).toBe(sum), { withinMs: 15_000 });
    expect(await puts(key)).toEqual([200]);
    expect(await disk?.bytesRead(key)).toBe(size);
  });

  test('one at 50 kB/s delays neither the copy nor another reader', async () => {
    const { upstairs, facts } = await world({ files: { [key]: video } });
    const slow = await upstairs.open(`/${key}`);
    let taken = 0;
    const crawl = (async () => {
      for await (const chunk of slow.body) {
        taken += chunk.length;
        await sleep((chunk.length / 50_000) * 1000);
      }
    })().catch(() => undefined);
    const began = performance.now();
    const other = await upstairs.get(`/${key}`);
    const tookMs = performance.now() - began;
    expect(createHash('md5').update(other.body).digest('hex')).toBe(sum);
    await eventually(async () => expect((await facts(key))?.md5).toBe(sum), { withinMs: 10_000 });
    // At 50 kB/s the whole would take twenty minutes.
    expect(tookMs).toBeLessThan(5000);
    expect(taken).toBeLessThan(2_000_000);
    slow.body.destroy();
    await crawl;
  });

  test('a 206 for bytes 1,000,000-1,999,999 is exact, quick, and triggers one whole copy', async () => {
    const { upstairs, facts, puts } = await world({ files: { [key]: video } });
    const began = performance.now();
    const part = await upstairs.get(`/${key}`, { headers: { range: 'bytes=1000000-1999999' } });
    const tookMs = performance.now() - began;
    expect(part.status).toBe(206);
    expect(part.headers['content-range']).toBe(`bytes 1000000-1999999/${size}`);
    expect(part.body.equals(video.subarray(1_000_000, 2_000_000))).toBe(true);
    expect(tookMs).toBeLessThan(1500);
    await eventually(async () => expect((await facts(key))?.md5).toBe(sum), { withinMs: 15_000 });
    expect(await puts(key)).toEqual([200]);
  });

  test('a range near the end does not wait for what is before it', async () => {
    // 10 MB/s: the whole takes six seconds.
    const { upstairs } = await world({ files: { [key]: video }, faulty: [{ op: 'read', delay_ms: 25 }] });
    const began = performance.now();
    const part = await upstairs.get(`/${key}`, { headers: { range: 'bytes=-1000' } });
    expect(part.status).toBe(206);
    expect(part.body.equals(video.subarray(size - 1000))).toBe(true);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test('a range of a large object in the bucket is answered from there, exactly', async () => {
    const { upstairs, facts } = await world({ files: { [key]: video } });
    await upstairs.get(`/${key}`, { headers: { range: 'bytes=0-9' } });
    await eventually(async () => expect((await facts(key))?.md5).toBe(sum), { withinMs: 15_000 });
    await eventually(async () => {
      const part = await upstairs.get(`/${key}`, { headers: { range: 'bytes=30000000-30099999' } });
      expect(tierOf(part.headers)).toBe('bucket');
      expect(part.headers['content-range']).toBe(`bytes 30000000-30099999/${size}`);
      expect(part.body.equals(video.subarray(30_000_000, 30_100_000))).toBe(true);
    });
  });
});

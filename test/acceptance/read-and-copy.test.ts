import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { jpeg, longAgo, mastodonKey, mp4 } from '../support/media-files.ts';
import { tierOf, world } from '../support/world.ts';

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

describe.skipIf(needs('ceph').skip)('a file that is only on the disk', () => {
  test('is served, and is in the bucket within two seconds with everything it had', async () => {
    const key = mastodonKey(1, 'jpg');
    const bytes = jpeg(1, { bytes: 100_000 });
    const { upstairs, facts } = await world({ files: { [key]: bytes } });
    const first = await upstairs.get(`/${key}`);
    expect(first.status).toBe(200);
    expect(tierOf(first.headers)).toBe('basement');
    expect(first.body.equals(bytes)).toBe(true);
    const copied = await eventually(async () => (await facts(key)) ?? expect.fail('not there yet'), { withinMs: 2000 });
    expect(copied).toMatchObject({
      size: 100_000,
      etag: md5(bytes),
      md5: md5(bytes),
      contentType: 'image/jpeg',
      cacheControl: 'public, max-age=315576000, immutable',
      isPublic: true,
    });
    expect(Number(copied.metadata.mtime)).toBeCloseTo(longAgo, 5);
    expect(Buffer.from(copied.metadata.md5chksum ?? '', 'base64').toString('hex')).toBe(md5(bytes));

    const second = await upstairs.get(`/${key}`);
    expect(['cache', 'bucket']).toContain(tierOf(second.headers));
    expect(second.body.equals(bytes)).toBe(true);
    for (const name of ['content-type', 'content-length', 'last-modified', 'cache-control'])
      expect(second.headers[name]).toBe(first.headers[name]);
    expect(first.headers['last-modified']).toBe('Thu, 04 Mar 2021 05:06:07 GMT');
    expect(second.headers.etag).toBe(`"${md5(bytes)}"`);
  });

  test('is answered by the bucket once it is there, with the same validators', async () => {
    const key = mastodonKey(2, 'mp4');
    const bytes = mp4(2, 300_000);
    const { upstairs, facts } = await world({ files: { [key]: bytes }, config: { cache: { maxObject: 1000 } } });
    const first = await upstairs.get(`/${key}`);
    await eventually(async () => expect(await facts(key)).toBeDefined());
    await eventually(async () => expect(tierOf((await upstairs.get(`/${key}`)).headers)).toBe('bucket'));
    const second = await upstairs.get(`/${key}`);
    expect(second.body.equals(bytes)).toBe(true);
    expect(second.headers['last-modified']).toBe(first.headers['last-modified']);
    expect(second.headers['content-type']).toBe('video/mp4');
    expect(second.headers.etag).toBe(`"${md5(bytes)}"`);
  });
});

describe.skipIf(needs('ceph', 'fuse').skip)('two hundred first readers at once', () => {
  test.each([
    ['100 kB', 3, 100_000],
    ['60 MB', 4, 60_000_000],
  ])('of %s cause one upload, and the disk gives each byte once', { timeout: 180_000 }, async (_name, seed, size) => {
    const key = mastodonKey(seed, 'mp4');
    const bytes = mp4(seed, size);
    const { upstairs, disk, facts, puts } = await world({ files: { [key]: bytes }, faulty: true });
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const { statusCode, headers, body } = await upstairs.open(`/${key}`);
        let sum = 0;
        for await (const chunk of body) sum = crc32(chunk, sum);
        return { statusCode, tier: tierOf(headers), sum };
      }),
    );
    expect(answers.filter((answer) => answer.statusCode !== 200 || answer.sum !== crc32(bytes))).toEqual([]);
    await eventually(async () => expect((await facts(key))?.md5).toBe(md5(bytes)), { withinMs: 10_000 });
    expect(await puts(key)).toEqual([200]);
    expect(await disk?.bytesRead(key)).toBe(size);
  });
});

import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { mastodonKey, mp4 } from '../support/media-files.ts';
import { tierOf, world } from '../support/world.ts';

const key = mastodonKey(1, 'mp4');
const size = 20_000_000;
const video = mp4(3, size);
const half = 8_000_000;

/** Takes the first `half` bytes and leaves. */
async function firstHalf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let seen = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    seen += chunk.length;
    if (seen >= half) break;
  }
  return Buffer.concat(chunks).subarray(0, half);
}

describe.skipIf(needs('ceph').skip)('a download that began on the disk and is resumed from the bucket', () => {
  test('with If-Range and Last-Modified yields the same bytes', async () => {
    const { upstairs, facts } = await world({ files: { [key]: video } });
    const { headers, body } = await upstairs.open(`/${key}`);
    expect(tierOf(headers)).toBe('basement');
    expect(headers.etag).toBeUndefined();
    const start = await firstHalf(body);
    await eventually(async () => expect(await facts(key)).toBeDefined());
    const range = { range: `bytes=${half}-`, 'if-range': String(headers['last-modified']) };
    const rest = await eventually(async () => {
      const answer = await upstairs.get(`/${key}`, { headers: range });
      expect(tierOf(answer.headers)).toBe('bucket');
      return answer;
    });
    expect(rest.status).toBe(206);
    expect(Buffer.concat([start, rest.body]).equals(video)).toBe(true);
  });

  test('with If-Range and the ETag, once one was sent, yields the same bytes', async () => {
    const { upstairs, facts } = await world({ files: { [key]: video }, config: { cache: { maxObject: '32MiB' } } });
    await upstairs.get(`/${key}`);
    const { headers, body } = await upstairs.open(`/${key}`);
    expect(headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
    const start = await firstHalf(body);
    await eventually(async () => expect(await facts(key)).toBeDefined());
    const rest = await upstairs.get(`/${key}`, {
      headers: { range: `bytes=${half}-`, 'if-range': String(headers.etag) },
    });
    expect(rest.status).toBe(206);
    expect(Buffer.concat([start, rest.body]).equals(video)).toBe(true);
  });

  test('with a validator of something else gets the whole', async () => {
    const { upstairs } = await world({ files: { [key]: video } });
    const answer = await upstairs.get(`/${key}`, { headers: { range: `bytes=${half}-`, 'if-range': '"other"' } });
    expect(answer.status).toBe(200);
    expect(answer.body.equals(video)).toBe(true);
  });
});

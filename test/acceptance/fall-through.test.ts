import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { jpeg, mastodonKey } from '../support/media-files.ts';
import { type PrivateRgw, startRgw } from '../support/rgw.ts';
import { tierOf, world } from '../support/world.ts';

const key = mastodonKey(1, 'jpg');
const bytes = jpeg(1, { bytes: 50_000 });
const nowhere = mastodonKey(99, 'jpg');

async function ownRgw(): Promise<PrivateRgw> {
  const rgw = await startRgw();
  onTestFinished(() => rgw[Symbol.asyncDispose]());
  return rgw;
}

describe.skipIf(needs('ceph').skip)('a bucket that does not have it, or does not answer', () => {
  test('a missing key, which Ceph answers with 403, falls through to the disk', async () => {
    const { upstairs, rgw, bucket } = await world({ files: { [key]: bytes } });
    expect((await fetch(`${rgw.endpoint}/${bucket}/${key}`)).status).toBe(403);
    expect((await upstairs.get(`/${key}`)).status).toBe(200);
  });

  test('a private object does not fall through, though the disk has the file', async () => {
    const { upstairs, rgw, bucket, disk: _ } = await world({ files: { [key]: bytes } });
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'suspended', ACL: 'private' }));
    const answer = await upstairs.get(`/${key}`);
    expect(answer.status).toBe(404);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('a gateway that is down costs no reader of a disk file an error; a key that is nowhere gets 503 then, and 404 later', async () => {
    const rgw = await ownRgw();
    const { upstairs, facts } = await world({
      rgw,
      files: { [key]: bytes },
      config: { bucket: { breaker: { retryAfter: '500ms' } } },
    });
    await rgw.down();
    const answers = await Promise.all(Array.from({ length: 50 }, () => upstairs.get(`/${key}`)));
    expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
    const absent = await upstairs.get(`/${nowhere}`);
    expect(absent.status).toBe(503);
    expect(absent.headers['retry-after']).toBeDefined();
    expect(absent.headers['cache-control']).toBe('no-store');
    await rgw.up();
    await eventually(async () => expect((await upstairs.get(`/${nowhere}`)).status).toBe(404), { withinMs: 10_000 });
    // What was read while the bucket was down is carried up afterwards.
    await eventually(async () => expect(await facts(key)).toBeDefined(), { withinMs: 15_000 });
  });

  test('a gateway that hangs costs no reader of a disk file an error', { timeout: 60_000 }, async () => {
    const rgw = await ownRgw();
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [mastodonKey(n, 'jpg'), jpeg(n)]));
    const { upstairs } = await world({
      rgw,
      files,
      config: { bucket: { connectTimeout: '500ms', headersTimeout: '500ms', breaker: { retryAfter: '1s' } } },
    });
    await rgw.hang();
    const began = performance.now();
    const answers = await Promise.all(Object.keys(files).map((name) => upstairs.get(`/${name}`)));
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
    expect(performance.now() - began).toBeLessThan(6000);
    expect((await upstairs.get(`/${nowhere}`)).status).toBe(503);
    await rgw.unhang();
    await eventually(async () => expect((await upstairs.get(`/${nowhere}`)).status).toBe(404), { withinMs: 15_000 });
  });

  test('an object that is only in the bucket is 503 while the bucket is down, never 404', async () => {
    const rgw = await ownRgw();
    const { upstairs, bucket } = await world({ rgw, files: { [key]: bytes } });
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: nowhere, Body: bytes, ACL: 'public-read' }));
    await rgw.down();
    expect((await upstairs.get(`/${nowhere}`)).status).toBe(503);
    await rgw.up();
    const answer = await eventually(
      async () => {
        const again = await upstairs.get(`/${nowhere}`);
        expect(again.status).toBe(200);
        return again;
      },
      { withinMs: 15_000 },
    );
    expect(tierOf(answer.headers)).toBe('bucket');
  });
});

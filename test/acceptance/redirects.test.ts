import { DeleteObjectCommand, PutObjectAclCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { tierOf, world } from '../support/world.ts';
import { clientBucket, type WriteWorld, writeWorld } from '../support/write-world.ts';

const below = 'media_attachments/files/1/original/below.jpg';
const odd = "media_attachments/files/2/original/sp ace+'ü%.jpg";

describe.skipIf(needs('ceph').skip)('with bucketHits: redirect', () => {
  const ends: (() => Promise<unknown>)[] = [];
  let at: WriteWorld;
  const put = (Key: string, Body: string, ACL: 'private' | 'public-read' = 'public-read') =>
    at.rgw.client.send(new PutObjectCommand({ Bucket: at.bucket, Key, Body, ACL }));
  const bytesFetched = async (key: string) => {
    const lines = await at.rgw.requests();
    return lines.filter(({ method, path }) => method === 'GET' && path === `/${at.bucket}/${key}`).length;
  };

  beforeAll(async () => {
    // What is kept in the cache is served from there: nothing is.
    const config = { read: { bucketHits: 'redirect' }, copy: { minAge: '0ms' }, cache: { maxObject: '1B' } };
    at = await writeWorld({ files: { [below]: Buffer.from('old bytes') }, config, atEnd: (end) => ends.unshift(end) });
  }, 60_000);
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test('a reader is sent to the bucket for a minute, and finds the right bytes there', async () => {
    await put(odd, 'the bytes');
    const answer = await at.upstairs.get(`/${encodeURIComponent(odd).replaceAll('%2F', '/')}`);
    expect([answer.status, tierOf(answer.headers), answer.body.length]).toEqual([302, 'bucket', 0]);
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=60',
      'access-control-allow-origin': '*',
      'content-length': '0',
    });
    const followed = await fetch(String(answer.headers.location));
    expect([followed.status, await followed.text()]).toEqual([200, 'the bytes']);
  });

  test('so is a HEAD, a range and a condition, and no byte passes through', async () => {
    await put('heads.jpg', '0123456789');
    const asks = [
      { method: 'HEAD' as const },
      { headers: { range: 'bytes=2-3' } },
      { headers: { 'if-none-match': '*' } },
    ];
    for (const ask of asks) {
      const { status, headers } = await at.upstairs.get('/heads.jpg', ask);
      expect([status, headers.location]).toEqual([302, expect.stringContaining('/heads.jpg')]);
    }
    expect(await bytesFetched('heads.jpg')).toBe(0);
  });

  test('a private object is a 404, not a redirect', async () => {
    await put('secret.jpg', 'secret', 'private');
    expect((await at.upstairs.get('/secret.jpg')).status).toBe(404);
    await put('backups/mine.zip', 'mine');
    expect((await at.upstairs.get('/backups/mine.zip')).status).toBe(404);
  });

  test('what nobody has is a 404', async () => {
    expect((await at.upstairs.get('/nowhere.jpg')).status).toBe(404);
  });

  test('what only a disk has is served, and readers are sent to the bucket once its copy is there', async () => {
    const first = await at.upstairs.get(`/${below}`);
    expect([first.status, tierOf(first.headers), first.text]).toEqual([200, 'basement', 'old bytes']);
    await eventually(async () => expect((await at.upstairs.get(`/${below}`)).status).toBe(302));
    expect((await at.facts(below))?.isPublic).toBe(true);
  });

  test('a suspension and a delete are a 404 at once', async () => {
    const client = at.client();
    for (const key of ['suspended.jpg', 'deleted.jpg']) {
      await put(key, 'shown');
      expect((await at.upstairs.get(`/${key}`)).status).toBe(302);
    }
    await client.send(new PutObjectAclCommand({ Bucket: clientBucket, Key: 'suspended.jpg', ACL: 'private' }));
    expect((await at.upstairs.get('/suspended.jpg')).status).toBe(404);
    await client.send(new DeleteObjectCommand({ Bucket: clientBucket, Key: 'deleted.jpg' }));
    expect((await at.upstairs.get('/deleted.jpg')).status).toBe(404);
  });

  test('they are counted as answers of the bucket', async () => {
    expect(await at.upstairs.metric('upstairs_requests_total', { tier: 'bucket', status: '3xx' })).toBeGreaterThan(4);
  });
});

test.skipIf(needs('ceph').skip)('readers are sent to bucket.publicUrl, where there is one', async () => {
  const publicUrl = 'https://media.example.social/deep/';
  const config = { read: { bucketHits: 'redirect' }, bucket: { publicUrl, keyPrefix: 'in/' } };
  const { rgw, bucket, upstairs } = await world({ files: { 'a.jpg': Buffer.from('a') }, config });
  const object = { Bucket: bucket, Key: 'in/b c.jpg', Body: 'b', ACL: 'public-read' as const };
  await rgw.client.send(new PutObjectCommand(object));
  const { status, headers } = await upstairs.get('/b%20c.jpg');
  expect([status, headers.location]).toEqual([302, 'https://media.example.social/deep/in/b%20c.jpg']);
});

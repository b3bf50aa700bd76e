import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { jpeg, mastodonKey, mp4 } from '../support/media-files.ts';
import { type PrivateRgw, startRgw } from '../support/rgw.ts';
import { tierOf, type World, world } from '../support/world.ts';

const [shown, hidden, video] = [mastodonKey(1, 'jpg'), mastodonKey(2, 'jpg'), mastodonKey(3, 'mp4')];
const picture = jpeg(1, { bytes: 30_000 });
const film = mp4(1, 3_000_000);

describe.skipIf(needs('ceph').skip)('an old bucket in another store', () => {
  let old: PrivateRgw;
  let proxy: FaultProxy;
  let at: World;
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    old = await startRgw();
    ends.push(() => old.stop());
    const bucket = await old.freshBucket('old');
    const put = (Key: string, Body: Uint8Array, ACL: 'public-read' | 'private', mtime = '1614834367.123456') =>
      old.client.send(new PutObjectCommand({ Bucket: bucket, Key: `old/${Key}`, Body, ACL, Metadata: { mtime } }));
    await put(shown, picture, 'public-read');
    await put(video, film, 'public-read');
    await put(hidden, picture, 'private');
    proxy = await faultProxy(old.endpoint);
    ends.push(() => proxy.close());
    const source = { type: 's3', name: 'old-bucket', endpoint: proxy.endpoint, bucket, keyPrefix: 'old/', acls: true };
    at = await world({
      files: {},
      config: {
        sources: [{ ...source, accessKey: 'test', secretKey: 'testtest' }],
        copy: { retry: { first: '100ms' } },
      },
      atEnd: (end) => ends.push(end),
    });
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  test('gives readers what its ACLs show them, and it moves up with its date', async () => {
    const answer = await at.upstairs.get(`/${shown}`);
    expect([answer.status, tierOf(answer.headers), answer.body.equals(picture)]).toEqual([200, 'old-bucket', true]);
    await eventually(async () =>
      expect(await at.facts(shown)).toMatchObject({
        size: picture.length,
        isPublic: true,
        metadata: { mtime: '1614834367.123456' },
      }),
    );
    const after = await at.upstairs.get(`/${shown}`);
    expect(after.headers['last-modified']).toBe(answer.headers['last-modified']);
    expect(after.headers['content-type']).toBe(answer.headers['content-type']);
  });

  test('shows nobody what its ACLs hide, and that moves up hidden', async () => {
    expect((await at.upstairs.get(`/${hidden}`)).status).toBe(404);
    await eventually(async () => expect(await at.facts(hidden)).toMatchObject({ isPublic: false }));
    expect((await at.upstairs.get(`/${hidden}`)).status).toBe(404);
  });

  test('that breaks off in the middle of a video breaks the readers too, and nothing goes up; afterwards all of it does', async () => {
    proxy.decide = ({ path }) => (path.endsWith(video) ? { abortAfterResponseBytes: 1_000_000 } : 'pass');
    await expect(at.upstairs.get(`/${video}`)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    expect(await at.puts(video)).toEqual([]);
    proxy.decide = () => 'pass';
    // Who joins a fetch that the copy began before breaks with it.
    await eventually(async () => {
      const answer = await at.upstairs.get(`/${video}`);
      expect([answer.status, answer.body.equals(film)]).toEqual([200, true]);
    });
    await eventually(async () => expect(await at.facts(video)).toMatchObject({ size: film.length }));
    expect(await at.puts(video)).toEqual([200]);
  });

  test('that has nothing of a name is a 404; that denies or is not there is a 503', async () => {
    expect((await at.upstairs.get('/none.jpg')).status).toBe(404);
    proxy.decide = () => ({ status: 403, body: '<Error><Code>AccessDenied</Code></Error>' });
    expect((await at.upstairs.get('/denied.jpg')).status).toBe(503);
    proxy.decide = () => 'refuse';
    expect((await at.upstairs.get('/other.jpg')).status).toBe(503);
  });
});

import { DeleteObjectCommand, PutObjectAclCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import type { Ask } from '../support/upstairs.ts';
import { tierOf, type World, world } from '../support/world.ts';

const secret = 'a-secret/of+sixteen=';
const right = { 'X-Purge-Secret': secret };
const key = 'media_attachments/files/109/original/8f3c.jpg';

/** A world whose bucket holds the key; what was once read is kept, and an absence is remembered. */
async function purgeable(read: object = { purge: { secret } }): Promise<World> {
  const made = await world({
    files: { 'on-the-disk.jpg': Buffer.from('a picture') },
    config: { read, bucket: { absenceTtl: '1h' } },
  });
  await put(made, 'the first');
  return made;
}

const put = ({ rgw, bucket }: World, Body: string, Key = key) =>
  rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ACL: 'public-read' }));

/** What a reader gets: the status, the tier and, of an object, its bytes. */
async function read({ upstairs }: World, path = `/${key}`) {
  const { status, headers, text } = await upstairs.get(path);
  return [status, tierOf(headers), status === 200 ? text : ''];
}

const ask = (method: string, headers: Record<string, string> = {}): Ask => ({ method, headers }) as Ask;

describe.skipIf(needs('ceph').skip)('a purge of a media URL', () => {
  test.each(['PURGE', 'GET', 'HEAD'])('by %s makes the next reader ask the bucket again', async (method) => {
    const at = await purgeable();
    expect(await read(at)).toEqual([200, 'bucket', 'the first']);
    expect(await read(at)).toEqual([200, 'cache', 'the first']);
    await put(at, 'the second');
    expect(await read(at)).toEqual([200, 'cache', 'the first']);
    const purged = await at.upstairs.get(`/${key}`, ask(method, right));
    expect([purged.status, purged.text, purged.headers['cache-control']]).toEqual([204, '', 'no-store']);
    expect(await read(at)).toEqual([200, 'bucket', 'the second']);
  });

  test('under any of its URLs purges the key', async () => {
    const at = await purgeable();
    await read(at);
    await put(at, 'the second');
    const old = await at.upstairs.get(`/system/${key}?1234567890`, { ...ask('PURGE', right), host: 'app.test' });
    expect(old.status).toBe(204);
    expect(await read(at)).toEqual([200, 'bucket', 'the second']);
  });

  test('after a delete or a change of the ACL leaves nothing to serve', async () => {
    const at = await purgeable();
    await put(at, 'hidden', 'hidden.jpg');
    expect((await read(at))[0]).toBe(200);
    expect((await read(at, '/hidden.jpg'))[0]).toBe(200);
    const { client } = at.rgw;
    await client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key: key }));
    await client.send(new PutObjectAclCommand({ Bucket: at.bucket, Key: 'hidden.jpg', ACL: 'private' }));
    for (const path of [`/${key}`, '/hidden.jpg']) {
      expect([path, (await read(at, path))[1]]).toEqual([path, 'cache']);
      expect((await at.upstairs.get(path, ask('PURGE', right))).status).toBe(204);
      expect((await at.upstairs.get(path)).status).toBe(404);
    }
  });

  test('forgets also that the bucket did not have the key', async () => {
    const at = await purgeable();
    expect((await read(at, '/later.jpg'))[0]).toBe(404);
    await put(at, 'uploaded past Upstairs', 'later.jpg');
    expect((await read(at, '/later.jpg'))[0]).toBe(404);
    expect((await at.upstairs.get('/later.jpg', ask('PURGE', right))).status).toBe(204);
    expect(await read(at, '/later.jpg')).toEqual([200, 'bucket', 'uploaded past Upstairs']);
  });

  test('takes nothing off a disk', async () => {
    const at = await purgeable();
    expect((await read(at, '/on-the-disk.jpg'))[0]).toBe(200);
    expect((await at.upstairs.get('/on-the-disk.jpg', ask('PURGE', right))).status).toBe(204);
    expect((await read(at, '/on-the-disk.jpg'))[0]).toBe(200);
  });

  test.each<[string, string, Record<string, string>]>([
    ['PURGE', 'without a secret', {}],
    ['PURGE', 'with a wrong one', { 'X-Purge-Secret': `${secret}x` }],
    ['GET', 'with a wrong one', { 'X-Purge-Secret': secret.slice(1) }],
  ])('by %s %s is forbidden, and what is kept stays', async (method, _how, headers) => {
    const at = await purgeable();
    await read(at);
    const refused = await at.upstairs.get(`/${key}`, ask(method, headers));
    expect([refused.status, refused.headers['cache-control']]).toEqual([403, 'no-store']);
    expect((await read(at))[1]).toBe('cache');
  });

  test('is on record with key and address, and its secret nowhere', async () => {
    const at = await purgeable();
    await at.upstairs.get(`/${key}`, ask('PURGE', right));
    await at.upstairs.get(`/${key}`, ask('PURGE', { 'X-Purge-Secret': `${secret}x` }));
    await eventually(() => at.upstairs.logs.filter(({ event }) => event === 'read').length === 2);
    const facts = { operation: 'Purge', key, address: '127.0.0.1' };
    expect(at.upstairs.logs.filter(({ event }) => event === 'audit')).toMatchObject([
      { ...facts, outcome: 'done' },
      { ...facts, outcome: 'denied' },
    ]);
    expect(at.upstairs.logs.filter(({ event }) => event === 'read')).toMatchObject([
      { method: 'PURGE', key, tier: 'none', status: 204, why: 'purged' },
      { method: 'PURGE', key, tier: 'none', status: 403, why: 'purge-denied' },
    ]);
    expect(await at.upstairs.metric('upstairs_purges_total', { outcome: 'done' })).toBe(1);
    expect(await at.upstairs.metric('upstairs_purges_total', { outcome: 'denied' })).toBe(1);
    expect(JSON.stringify(at.upstairs.logs) + at.upstairs.output()).not.toContain(secret);
  });

  test('is no method at all where nobody may do it', async () => {
    const at = await purgeable({});
    await read(at);
    const refused = await at.upstairs.get(`/${key}`, ask('PURGE', right));
    expect([refused.status, refused.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await at.upstairs.get(`/${key}`, ask('GET', right))).status).toBe(200);
    expect((await read(at))[1]).toBe('cache');
  });
});

import { createHash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RawConnection } from '../integration/support/raw-connection.ts';
import { merge } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { type FaultyDisk, mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, longAgo, mastodonKey, writeMedia } from '../support/media-files.ts';
import { objectFacts, type Rgw, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { type Answer, baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
const etagOf = (bytes: Uint8Array) => `"${md5(bytes)}"`;
const longAgoDate = new Date(Math.floor(longAgo) * 1000).toUTCString();

/** Larger than cache.maxObject below: it stays in its tier however often it is read. */
const large = jpeg(1, { bytes: 150_000 });
const small = jpeg(2, { bytes: 9_000 });
const uploaded = { mtime: String(longAgo) };

/** Every header that an answer with an object may have; anything else is the store's or the program's own affair. */
const shown = new Set([
  'accept-ranges',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'age',
  'cache-control',
  'cache-status',
  'connection',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-security-policy',
  'content-type',
  'date',
  'etag',
  'expires',
  'keep-alive',
  'last-modified',
  'x-content-type-options',
]);

const safety = {
  'access-control-allow-origin': '*',
  'content-security-policy': "default-src 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
};

/** RFC 9211 §2 and RFC 9651: one list member, its parameters of the right types, `fwd` from the registry. */
const cacheStatusForm =
  /^Upstairs(; (hit|stored|collapsed|fwd=(bypass|method|uri-miss|vary-miss|miss|request|stale|partial)|fwd-status=\d{3}|ttl=-?\d{1,15}|detail=([A-Za-z*][\w!#$%&'*+.^`|~:/-]*|"[ !#-[\]-~]*")))+$/;

describe.skipIf(needs('ceph').skip)('while nothing is copied (phase: front)', () => {
  let rgw: Rgw;
  let bucket: string;
  let upstairs: Upstairs;
  let stateDir: string;
  const keys = { cache: mastodonKey(1, 'jpg'), bucket: mastodonKey(2, 'jpg'), basement: mastodonKey(3, 'jpg') };

  const put = (Key: string, Body: Uint8Array, more: object = {}) =>
    rgw.client.send(
      new PutObjectCommand({ Bucket: bucket, Key, Body, ACL: 'public-read', ContentType: 'image/jpeg', ...more }),
    );

  beforeAll(async () => {
    rgw = sharedRgw();
    bucket = await rgw.freshBucket();
    stateDir = scratch('state');
    const root = scratch('root');
    const second = scratch('second');
    await basement(root, {
      [keys.basement]: large,
      'both/on-two-disks.jpg': 'of the first disk',
      'private/above.jpg': 'on the disk, and private in the bucket',
      'empty.jpg': '',
    });
    await basement(second, { 'both/on-two-disks.jpg': 'of the second disk', 'both/second.jpg': 'only here' });
    await put(keys.cache, small, { Metadata: uploaded });
    await put(keys.bucket, large, { Metadata: uploaded });
    await put('empty-above.jpg', new Uint8Array());
    await put('private/above.jpg', small, { ACL: 'private' });
    await put('odd.bin', small, {
      ContentType: 'image/x-odd',
      ContentLanguage: 'de',
      ContentDisposition: 'attachment; filename="a b.jpg"',
      CacheControl: 'max-age=7',
      Metadata: { secret: 'internal', 'upstairs-copy': 'an-id', mtime: '1614834367.123456', 'set-cookie': 'a=b' },
      Tagging: 'a=b',
      StorageClass: 'STANDARD',
    });
    await put('moved.jpg', small, { Metadata: uploaded });
    upstairs = await startUpstairs({
      config: baseConfig({
        endpoint: rgw.endpoint,
        bucket,
        root,
        stateDir,
        phase: 'front',
        cache: { maxObject: '64KiB' },
        sources: [
          { type: 'disk', name: 'basement', root },
          { type: 'disk', name: 'attic', root: second },
        ],
      }),
    });
    // Into the cache: stored by the first read, served from there by the next.
    await upstairs.get(`/${keys.cache}`);
    await eventually(async () => expect(tierOf(await upstairs.get(`/${keys.cache}`))).toBe('cache'));
  });
  afterAll(() => upstairs?.dispose());

  describe.each([
    { tier: 'cache' as const, bytes: small, etag: etagOf(small) },
    { tier: 'bucket' as const, bytes: large, etag: etagOf(large) },
    // The disk's own bytes are never read as a whole here: their MD5 stays unknown.
    { tier: 'basement' as const, bytes: large, etag: undefined },
  ])('an object in the tier "$tier"', ({ tier, bytes, etag }) => {
    const path = () => `/${keys[tier]}`;
    const get = (headers: Record<string, string> = {}) => upstairs.get(path(), { headers });
    const size = bytes.length;

    test('comes from there, whole, with its type, its length, its date and its validators', async () => {
      const answer = await get();
      expect(tierOf(answer)).toBe(tier);
      expect(answer.status).toBe(200);
      expect(answer.body.equals(bytes)).toBe(true);
      expect(answer.headers).toMatchObject({
        'content-type': 'image/jpeg',
        'content-length': String(size),
        'last-modified': longAgoDate,
        'accept-ranges': 'bytes',
      });
      expect(answer.headers.etag).toBe(etag);
    });

    test('has the same headers for HEAD as for GET', async () => {
      const { headers: whole } = await get();
      const head = await upstairs.get(path(), { method: 'HEAD' });
      expect({ status: head.status, length: head.body.length }).toEqual({ status: 200, length: 0 });
      expect(comparable(head.headers)).toEqual(comparable(whole));
    });

    test('answers HEAD as a whole, whatever range is asked for', async () => {
      const head = await upstairs.get(path(), { method: 'HEAD', headers: { range: 'bytes=0-9' } });
      expect(head.status).toBe(200);
      expect(head.headers['content-length']).toBe(String(size));
      expect(head.headers['content-range']).toBeUndefined();
    });

    test.each([
      ['a first part', 'bytes=0-9', 0, 9],
      ['one byte', 'bytes=100-100', 100, 100],
      ['a middle', 'bytes=1000-4999', 1000, 4999],
      ['an open end', `bytes=${size - 5}-`, size - 5, size - 1],
      ['everything, as a range', 'bytes=0-', 0, size - 1],
      ['an end beyond the end', `bytes=${size - 5}-${size * 9}`, size - 5, size - 1],
      ['a suffix', 'bytes=-7', size - 7, size - 1],
      ['a suffix that is longer than the object', `bytes=-${size + 1}`, 0, size - 1],
      ['a unit in capitals', 'BYTES=3-4', 3, 4],
    ])('gives %s of its bytes (%s)', async (_, range, first, last) => {
      const answer = await get({ range });
      expect(answer.status).toBe(206);
      expect(answer.headers['content-range']).toBe(`bytes ${first}-${last}/${size}`);
      expect(answer.headers['content-length']).toBe(String(last - first + 1));
      expect(answer.body.equals(bytes.subarray(first, last + 1))).toBe(true);
      expect(answer.headers).toMatchObject({ 'last-modified': longAgoDate, ...(etag && { etag }) });
    });

    test.each([`bytes=${size}-`, `bytes=${size}-${size + 5}`, 'bytes=99999999999999999999-', 'bytes=-0'])(
      'answers a range without a byte of it with 416 and its length (%s)',
      async (range) => {
        const answer = await get({ range });
        expect(answer.status).toBe(416);
        expect(answer.headers['content-range']).toBe(`bytes */${size}`);
        expect(answer.headers).toMatchObject({ ...safety, 'cache-control': 'no-store' });
      },
    );

    test.each([
      'bytes=0-1,5-6',
      'bytes=5-2',
      'bytes=',
      'bytes=-',
      'bytes=a-b',
      'lines=1-2',
      'bytes 0-5',
      'bytes=0x1-2',
    ])('is sent whole when the range cannot be honoured (%s)', async (range) => {
      const answer = await get({ range });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-range']).toBeUndefined();
      expect(answer.body.equals(bytes)).toBe(true);
    });

    const later = 'Fri, 01 Jan 2027 00:00:00 GMT';
    const earlier = 'Thu, 04 Mar 2021 05:06:06 GMT';
    test.each<[string, Record<string, string>, number]>([
      ['If-None-Match: *', { 'if-none-match': '*' }, 304],
      ['another tag', { 'if-none-match': '"other"' }, 200],
      ['another tag, which overrules a date', { 'if-none-match': '"other"', 'if-modified-since': later }, 200],
      ['If-Modified-Since its date', { 'if-modified-since': longAgoDate }, 304],
      ['If-Modified-Since later', { 'if-modified-since': later }, 304],
      ['If-Modified-Since earlier', { 'if-modified-since': earlier }, 200],
      ['If-Modified-Since a date that is none', { 'if-modified-since': 'yesterday' }, 200],
      ['If-Match: *', { 'if-match': '*' }, 200],
      ['If-Match another tag', { 'if-match': '"other"' }, 412],
      ['If-Unmodified-Since its date', { 'if-unmodified-since': longAgoDate }, 200],
      ['If-Unmodified-Since earlier', { 'if-unmodified-since': earlier }, 412],
      ['a range and If-Range its date', { range: 'bytes=0-9', 'if-range': longAgoDate }, 206],
      ['a range and If-Range another date', { range: 'bytes=0-9', 'if-range': later }, 200],
      ['a range and If-Range another tag', { range: 'bytes=0-9', 'if-range': '"other"' }, 200],
      ['a range without a byte and If-Range another tag', { range: 'bytes=999999-', 'if-range': '"other"' }, 200],
      ['a range and a true If-None-Match', { range: 'bytes=0-9', 'if-none-match': '*' }, 304],
      ...(etag === undefined
        ? []
        : ([
            ['its tag', { 'if-none-match': etag }, 304],
            ['its tag, weak', { 'if-none-match': `W/${etag}` }, 304],
            ['a list with its tag', { 'if-none-match': `"a,b", W/"c" , ${etag}` }, 304],
            ['If-Match its tag', { 'if-match': `"x", ${etag}` }, 200],
            ['If-Match its tag, weak', { 'if-match': `W/${etag}` }, 412],
            ['a range and If-Range its tag', { range: 'bytes=0-9', 'if-range': etag }, 206],
            ['a range and If-Range its tag, weak', { range: 'bytes=0-9', 'if-range': `W/${etag}` }, 200],
          ] as [string, Record<string, string>, number][])),
    ])('answers %s as RFC 9110 says', async (_, headers, status) => {
      const answer = await get(headers);
      expect(answer.status).toBe(status);
      if (status === 200) expect(answer.body.equals(bytes)).toBe(true);
      if (status === 206) expect(answer.body.equals(bytes.subarray(0, 10))).toBe(true);
      if (status === 304) {
        expect(answer.body.length).toBe(0);
        expect(answer.headers['last-modified']).toBe(longAgoDate);
        expect(answer.headers.etag).toBe(etag);
        expect(answer.headers).toMatchObject(safety);
        expect(answer.headers['content-range']).toBeUndefined();
      }
      const head = await upstairs.get(path(), { method: 'HEAD', headers });
      expect(head.status).toBe(status === 206 ? 200 : status);
    });

    test('says which tier answered, in the form of RFC 9211', async () => {
      for (const headers of [{}, { range: 'bytes=0-9' }, { 'if-none-match': '*' }]) {
        const { headers: got } = await get(headers);
        expect(got['cache-status']).toMatch(cacheStatusForm);
        expect(got['cache-status']).toContain(`detail=${tier}`);
        expect(String(got['cache-status']).includes('; hit')).toBe(tier === 'cache');
        expect(got.age === undefined).toBe(tier !== 'cache');
      }
    });

    test('has the headers that keep uploads of strangers harmless, and a year in caches', async () => {
      for (const method of ['GET', 'HEAD'] as const) {
        const { headers } = await upstairs.get(path(), { method });
        expect(headers).toMatchObject(safety);
        expect(headers['cache-control']).toMatch(/^public, max-age=\d{8,}, immutable$/);
        expect(Object.keys(headers).filter((name) => !shown.has(name))).toEqual([]);
      }
    });

    test('is the same under the app’s own host, and with a query', async () => {
      const plain = await get();
      for (const answer of [
        await upstairs.get(`/system${path()}`, { host: 'app.test' }),
        await upstairs.get(`${path()}?1614834367&versionId=x&response-content-type=text/html`),
      ]) {
        expect(answer.status).toBe(200);
        expect(answer.body.equals(bytes)).toBe(true);
        expect(comparable(answer.headers)).toEqual(comparable(plain.headers));
      }
    });
  });

  test('an object that was stored with odd metadata shows the ordinary ones, and none of the store’s own', async () => {
    for (const method of ['GET', 'HEAD', 'GET'] as const) {
      const { headers } = await upstairs.get('/odd.bin', { method });
      expect(headers).toMatchObject({
        'content-type': 'image/x-odd',
        'content-language': 'de',
        'content-disposition': 'attachment; filename="a b.jpg"',
        'cache-control': 'max-age=7',
        'last-modified': longAgoDate,
      });
      expect(Object.keys(headers).filter((name) => !shown.has(name))).toEqual([]);
      expect(JSON.stringify(headers)).not.toMatch(/internal|an-id|rgw|amz|tx0000|ceph/i);
    }
  });

  test('an error says nothing of its cause, is kept by nobody and is no less harmless than other answers', async () => {
    const errors: [number, string, Parameters<Upstairs['get']>[1]?][] = [
      [404, '/nobody/has/this.jpg'],
      [404, '/backups/dumps/x'],
      [404, '/private/above.jpg'],
      [404, '/real.jpg', { host: 'other.test' }],
      [400, '/a//b.jpg'],
      [405, `/${keys.bucket}`, { method: 'DELETE' }],
      [412, `/${keys.bucket}`, { headers: { 'if-match': '"other"' } }],
      [414, `/${'x'.repeat(300)}`],
      [416, `/${keys.bucket}`, { headers: { range: 'bytes=999999-' } }],
    ];
    for (const [status, path, ask] of errors) {
      const answer = await upstairs.get(path, ask);
      expect(answer.status, path).toBe(status);
      expect(answer.headers, path).toMatchObject({ ...safety, 'cache-control': 'no-store' });
      expect(answer.headers['cache-status'], path).toMatch(cacheStatusForm);
      expect(answer.headers['last-modified'], path).toBeUndefined();
      expect(answer.text, path).not.toMatch(/bucket|disk|private|mark|ENOENT|\//i);
    }
  });

  test('HEAD of what is refused has the headers of GET and no body', async () => {
    for (const path of ['/nobody/has/this.jpg', '/backups/dumps/x', '/a//b.jpg']) {
      const get = await upstairs.get(path);
      const head = await upstairs.get(path, { method: 'HEAD' });
      expect(head.body.length).toBe(0);
      expect(comparable(head.headers)).toEqual(comparable(get.headers));
    }
  });

  test('a page elsewhere may ask beforehand whether it may fetch with a range', async () => {
    const answer = await upstairs.get(`/${keys.bucket}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://other.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'range',
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({ ...safety, 'access-control-max-age': expect.stringMatching(/^\d+$/) });
    expect(answer.headers['access-control-allow-methods']).toMatch(/\bGET\b/);
    expect(String(answer.headers['access-control-allow-headers']).toLowerCase().split(', ')).toContain('range');
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'] as const)('%s is told which methods there are', async (method) => {
    const answer = await upstairs.get(`/${keys.bucket}`, { method });
    expect(answer.status).toBe(405);
    expect(String(answer.headers.allow).split(', ').sort()).toEqual(['GET', 'HEAD', 'OPTIONS']);
  });

  test.each(['empty.jpg', 'empty-above.jpg'])(
    'an empty object is an answer without bytes, not an error (%s)',
    async (key) => {
      for (const method of ['GET', 'HEAD', 'GET'] as const) {
        const answer = await upstairs.get(`/${key}`, { method });
        expect(answer.status).toBe(200);
        expect(answer.headers['content-length']).toBe('0');
        expect(answer.body.length).toBe(0);
      }
      expect((await upstairs.get(`/${key}`, { headers: { range: 'bytes=0-' } })).status).toBe(416);
    },
  );

  test('a private object is a 404, also where a disk has a file under that key', async () => {
    for (const method of ['GET', 'HEAD'] as const) {
      const { status, text } = await upstairs.get('/private/above.jpg', { method });
      expect(status).toBe(404);
      expect(text).not.toContain('on the disk');
    }
    expect((await upstairs.get('/private/above.jpg', { headers: { range: 'bytes=0-3' } })).status).toBe(404);
  });

  test('a file on two disks comes from the first of them, and one that is only on the second from there', async () => {
    const both = await upstairs.get('/both/on-two-disks.jpg');
    expect([both.text, tierOf(both)]).toEqual(['of the first disk', 'basement']);
    const one = await upstairs.get('/both/second.jpg');
    expect([one.text, tierOf(one)]).toEqual(['only here', 'attic']);
  });

  test('a connection is kept from answer to answer, errors and empty answers included', async () => {
    const connection = new RawConnection(Number(new URL(upstairs.readUrl).port));
    const ask = (method: string, path: string, more = '') =>
      connection.send(`${method} ${path} HTTP/1.1\r\nHost: files.test\r\n${more}\r\n`, { hasBody: method !== 'HEAD' });
    const statuses: number[] = [];
    for (const [method, path, more] of [
      ['GET', `/${keys.cache}`],
      ['HEAD', `/${keys.bucket}`],
      ['GET', `/${keys.bucket}`, 'Range: bytes=5-9\r\n'],
      ['GET', `/${keys.bucket}`, 'If-None-Match: *\r\n'],
      ['GET', `/${keys.bucket}`, 'Range: bytes=999999-\r\n'],
      ['GET', '/nobody/has/this.jpg'],
      ['GET', '/a//b'],
      ['OPTIONS', '/x'],
      ['DELETE', '/x'],
      ['GET', '/empty.jpg'],
      ['GET', `/${keys.basement}`],
    ] as [string, string, string?][])
      statuses.push((await ask(method, path, more)).status);
    connection.close();
    expect(statuses).toEqual([200, 200, 206, 304, 416, 404, 400, 204, 405, 200, 200]);
    expect(connection.connections).toBe(1);
  });

  test('nothing is copied, and nothing is even wanted', async () => {
    expect(tierOf(await upstairs.get(`/${keys.basement}`))).toBe('basement');
    expect(await upstairs.metric('upstairs_ledger_keys')).toBe(0);
    const puts = (await rgw.requests()).filter(
      ({ method, path }) => method === 'PUT' && path.startsWith(`/${bucket}/`),
    );
    // All others are the uploads of these tests.
    expect(puts.map(({ path }) => path)).not.toContain(`/${bucket}/${keys.basement}`);
    expect(await objectFacts(rgw.client, bucket, keys.basement)).toBeUndefined();
  });
});

describe.skipIf(needs('ceph').skip)('while media move (phase: move)', () => {
  let rgw: Rgw;
  let bucket: string;
  let upstairs: Upstairs;
  const root = scratch('root');

  beforeAll(async () => {
    rgw = sharedRgw();
    bucket = await rgw.freshBucket();
    await writeMedia(root, 'here.jpg', 'so that the disk is not empty');
    upstairs = await startUpstairs({
      config: merge(
        baseConfig({ endpoint: rgw.endpoint, bucket, root, cache: { maxSize: '64KiB', maxObject: '1KiB' } }),
        {
          bucket: { keyPrefix: 'old/media/', absenceTtl: '10ms' },
          copy: { minAge: '0ms' },
        },
      ),
    });
  });
  afterAll(() => upstairs?.dispose());

  const copied = (key: string) =>
    eventually(async () => {
      const facts = await objectFacts(rgw.client, bucket, `old/media/${key}`);
      if (!facts) throw new Error(`${key} is not in the bucket yet`);
      return facts;
    });

  test('Last-Modified is the file’s before and after the move, and the ETag is its MD5 once that is known', async () => {
    const key = mastodonKey(11, 'jpg');
    await writeMedia(root, key, large, { mtime: 1_500_000_000.987 });
    const before = await upstairs.get(`/${key}`, { method: 'HEAD' });
    expect(tierOf(before)).toBe('basement');
    expect(before.headers.etag).toBeUndefined();
    await copied(key);
    const after = await eventually(async () => {
      const answer = await upstairs.get(`/${key}`);
      expect(tierOf(answer)).toBe('bucket');
      return answer;
    });
    expect(after.headers.etag).toBe(etagOf(large));
    expect(before.headers['last-modified']).toBe('Fri, 14 Jul 2017 02:40:00 GMT');
    const { etag: _, ...validators } = comparable(after.headers);
    expect(validators).toEqual(comparable(before.headers));
    expect((await upstairs.get(`/${key}`, { method: 'HEAD' })).headers.etag).toBe(etagOf(large));
  });

  test('a file from before 1970 keeps its date through the move', async () => {
    const key = 'before-1970.jpg';
    const file = await writeMedia(root, key, large);
    const date = new Date(-86_400_500); // as a number below zero, Node would take it for now
    await utimes(file, date, date);
    const before = await upstairs.get(`/${key}`);
    await copied(key);
    await eventually(async () => expect(tierOf(await upstairs.get(`/${key}`))).toBe('bucket'));
    const after = await upstairs.get(`/${key}`);
    expect(before.headers['last-modified']).toBe('Tue, 30 Dec 1969 23:59:59 GMT');
    expect(after.headers['last-modified']).toBe(before.headers['last-modified']);
  });

  test('copies lie under the bucket’s key prefix, and are read from there', async () => {
    const key = 'prefixed/é und &.jpg';
    await writeMedia(root, key, large);
    const path = `/prefixed/${encodeURIComponent('é und &.jpg')}`;
    await upstairs.get(path);
    expect((await copied(key)).md5).toBe(md5(large));
    await rgw.client.send(
      new PutObjectCommand({ Bucket: bucket, Key: 'outside.jpg', Body: 'not ours', ACL: 'public-read' }),
    );
    await eventually(async () => expect(tierOf(await upstairs.get(path))).toBe('bucket'));
    expect((await upstairs.get('/outside.jpg')).status).toBe(404);
  });

  test('an empty file moves too', async () => {
    await writeMedia(root, 'empty.png', '');
    expect((await upstairs.get('/empty.png')).status).toBe(200);
    expect((await copied('empty.png')).size).toBe(0);
  });

  test('what was copied and then vanished from the bucket is a 404, not a file of the disk again', async () => {
    const key = 'vanishing.jpg';
    await writeMedia(root, key, large);
    await upstairs.get(`/${key}`);
    await copied(key);
    await eventually(async () => expect(tierOf(await upstairs.get(`/${key}`))).toBe('bucket'));
    await rgw.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `old/media/${key}` }));
    await eventually(async () => expect((await upstairs.get(`/${key}`)).status).toBe(404));
    expect(await upstairs.metric('upstairs_vanished_total')).toBeGreaterThan(0);
    expect(await objectFacts(rgw.client, bucket, `old/media/${key}`)).toBeUndefined();
  });
});

describe.skipIf(needs('ceph', 'fuse').skip)('a file that the first disk cannot read, and the second can,', () => {
  let upstairs: Upstairs;
  let disk: FaultyDisk;

  beforeAll(async () => {
    const rgw = sharedRgw();
    const [broken, healthy] = [scratch('broken'), scratch('healthy')];
    for (const root of [broken, healthy])
      await basement(root, { 'name.jpg': small, 'bytes.jpg': small, 'large.jpg': large, 'late.jpg': large });
    disk = await mountFaultyDisk(broken, {
      directIo: true,
      rules: [
        { match: 'name.jpg', op: 'open', errno: 'EIO' },
        { match: 'late.jpg', op: 'read', after_bytes: 100_000 },
        { match: 'bytes.jpg', op: 'read', errno: 'EIO' },
        { match: 'large.jpg', op: 'read', errno: 'EIO' },
      ],
    });
    upstairs = await startUpstairs({
      config: baseConfig({
        endpoint: rgw.endpoint,
        bucket: await rgw.freshBucket(),
        root: broken,
        phase: 'front',
        cache: { maxObject: '64KiB' },
        sources: [
          { type: 'disk', name: 'broken', root: disk.mountPoint },
          { type: 'disk', name: 'healthy', root: healthy },
        ],
      }),
    });
  });
  afterAll(async () => {
    await upstairs?.dispose();
    await disk?.unmount();
  });

  test.each([
    ['its name cannot be opened', 'name.jpg', small],
    ['its first byte cannot be read', 'bytes.jpg', small],
    ['its first byte cannot be read, and it is too large to be kept', 'large.jpg', large],
  ])('comes from the second when %s', async (_, key, bytes) => {
    const answer = await upstairs.get(`/${key}`);
    expect([answer.status, tierOf(answer)]).toEqual([200, 'healthy']);
    expect(answer.body.equals(bytes)).toBe(true);
  });

  test('never ends as if it were whole when it breaks off in the middle', async () => {
    const outcome = await upstairs.get('/late.jpg').then(
      ({ status, body }) => `${status} with ${body.length} bytes`,
      () => 'a broken connection',
    );
    expect(['a broken connection', `200 with ${large.length} bytes`]).toContain(outcome);
  });
});

describe.skipIf(needs('ceph').skip)('an object that the bucket announces and does not send', () => {
  test('comes from the disk', async () => {
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    await using proxy = await faultProxy(rgw.endpoint);
    const root = scratch('root');
    await basement(root, { 'both.jpg': large });
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'both.jpg', Body: large, ACL: 'public-read' }));
    await using upstairs = await startUpstairs({
      config: baseConfig({ endpoint: proxy.endpoint, bucket, root, phase: 'front', cache: { maxObject: '64KiB' } }),
    });
    proxy.decide = ({ path }) => (path.endsWith('both.jpg') ? { abortAfterResponseBytes: 0 } : 'pass');
    const answer = await upstairs.get('/both.jpg');
    expect([answer.status, tierOf(answer)]).toEqual([200, 'basement']);
    expect(answer.body.equals(large)).toBe(true);
  });
});

/** The tier that Cache-Status names. */
function tierOf({ headers }: Answer): string | undefined {
  return /detail=([^;]+)/.exec(String(headers['cache-status']))?.[1];
}

/** All headers but those that two answers about one object may have different, and those of the connection. */
function comparable(headers: Answer['headers']): Answer['headers'] {
  const { date: _, age: __, 'cache-status': ___, connection: ____, 'keep-alive': _____, ...rest } = headers;
  return rest;
}

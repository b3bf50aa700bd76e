import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectAclCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { type Lives, lives } from '../support/lives.ts';
import { longAgo } from '../support/media-files.ts';
import { said } from '../support/said.ts';
import { amzDate, signInQuery } from '../support/sigv4.ts';
import { clientBucket, clientKeys, clientRegion } from '../support/write-world.ts';

const bytes = '0123456789';
const below = (key: string, mode = 0o644) => [key, { bytes: Buffer.from(bytes), mode }] as const;
const where = (Key: string) => ({ Bucket: clientBucket, Key });

/** What its owner may read, wherever it is, and what anybody else sees of it. */
const readable = [
  { name: 'a key in the bucket', key: 'a/above.jpg', seen: bytes, isPublic: true },
  { name: 'a private key in the bucket', key: 'a/private.jpg', seen: 404, isPublic: false },
  { name: 'a key only on the disk', key: 'a/below.jpg', seen: bytes, isPublic: true },
  { name: 'a key of mode 0600 on the disk', key: 'a/mode.jpg', seen: 404, isPublic: false },
  { name: 'a suspended key only on the disk', key: 'a/suspended.jpg', seen: 404, isPublic: false },
  { name: 'an archive on the disk', key: 'backups/dumps/a.jpg', seen: 404, isPublic: false },
] as const;

describe.skipIf(needs('ceph').skip)('a read through the write host', () => {
  const ends: (() => Promise<unknown>)[] = [];
  let at: Lives;
  const client = () => at.world.client();
  const get = (Key: string, asked: Partial<GetObjectCommandInput> = {}) =>
    client().send(new GetObjectCommand({ ...where(Key), ...asked }));
  const text = async (key: string, asked?: Partial<GetObjectCommandInput>) =>
    await (await get(key, asked)).Body?.transformToString();

  beforeAll(async () => {
    const files = Object.fromEntries([
      below('a/below.jpg'),
      below('a/mode.jpg', 0o600),
      below('a/suspended.jpg'),
      below('backups/dumps/a.jpg'),
      below('a/deleted.jpg'),
      ...['copied', 'copied-as', 'part', 'head', 'outage', 'outage-deleted', 'metadata'].map((n) =>
        below(`b/${n}.jpg`),
      ),
    ]);
    at = await lives({ files, atEnd: (end) => ends.unshift(end) });
    const { rgw, bucket } = at.world;
    for (const [Key, ACL] of [
      ['a/above.jpg', 'public-read'],
      ['a/private.jpg', 'private'],
    ] as const) {
      const put = { Bucket: bucket, Key, Body: bytes, ContentType: 'image/jpeg', ACL };
      await rgw.client.send(new PutObjectCommand(put));
    }
    await client().send(new PutObjectAclCommand({ ...where('a/suspended.jpg'), ACL: 'private' }));
    await client().send(new DeleteObjectCommand(where('a/deleted.jpg')));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  describe.each(readable)('of $name', ({ key, seen, isPublic }) => {
    test('gives it whole and in part, with its headers, and leads to a copy with the right ACL', async () => {
      expect(await text(key)).toBe(bytes);
      const part = await get(key, { Range: 'bytes=2-4' });
      expect([part.ContentRange, part.ContentLength, part.ContentType, await part.Body?.transformToString()]).toEqual([
        'bytes 2-4/10',
        3,
        'image/jpeg',
        '234',
      ]);
      expect(await text(key, { Range: 'bytes=-2' })).toBe('89');
      expect(await said(get(key, { Range: 'bytes=10-' }))).toBe('416 InvalidRange');
      const head = await client().send(new HeadObjectCommand(where(key)));
      expect([head.ContentLength, head.ContentType, head.AcceptRanges]).toEqual([10, 'image/jpeg', 'bytes']);
      await eventually(async () => expect((await at.world.facts(key))?.isPublic).toBe(isPublic));
      expect(await at.seen(key)).toBe(seen);
    });

    test('obeys conditions', async () => {
      await eventually(async () => expect((await get(key)).ETag).toBeDefined());
      const { ETag = '', LastModified = new Date(0) } = await get(key);
      expect(await text(key, { IfMatch: ETag, IfNoneMatch: '"another"' })).toBe(bytes);
      expect(await said(get(key, { IfNoneMatch: ETag }))).toMatch(/^304/);
      expect(await said(get(key, { IfModifiedSince: LastModified }))).toMatch(/^304/);
      expect(await said(get(key, { IfMatch: '"another"' }))).toBe('412 PreconditionFailed');
      const head = client().send(new HeadObjectCommand({ ...where(key), IfNoneMatch: `"another", ${ETag}` }));
      expect(await said(head)).toMatch(/^304/);
    });

    test('may be presigned, and tell how it is to be shown', async () => {
      const { host } = new URL(at.world.writeUrl);
      const path = `/${clientBucket}/${key}`;
      const query = 'response-content-disposition=attachment&response-content-type=application%2Fzip';
      const plain = { method: 'GET', path, query, headers: [['Host', host]] as const, body: Buffer.alloc(0) };
      const signing = { ...clientKeys.mastodon, region: clientRegion, date: amzDate(new Date()) };
      const signed = signInQuery(plain, signing, '600');
      const answer = await fetch(`${at.world.writeUrl}${signed.path}?${signed.query}`);
      expect([answer.status, await answer.text()]).toEqual([200, bytes]);
      expect(answer.headers.get('content-disposition')).toBe('attachment');
      expect(answer.headers.get('content-type')).toBe('application/zip');
    });
  });

  test('of a key only on the disk tells the date of its file, by HeadObject too, which also leads to a copy', async () => {
    const head = await client().send(new HeadObjectCommand(where('b/head.jpg')));
    expect([head.ContentLength, head.LastModified?.getTime()]).toEqual([10, Math.floor(longAgo) * 1000]);
    await eventually(async () => expect(await at.world.facts('b/head.jpg')).toBeDefined());
  });

  test.each([
    ['was deleted', 'a/deleted.jpg'],
    ['is nowhere', 'a/nowhere.jpg'],
  ])('of a key that %s is a NoSuchKey, also as the source of a copy', async (_why, key) => {
    expect(await said(get(key))).toBe('404 NoSuchKey');
    expect(await said(client().send(new HeadObjectCommand(where(key))))).toBe('404 NotFound');
    const copy = new CopyObjectCommand({ ...where('b/never.jpg'), CopySource: `${clientBucket}/${key}` });
    expect(await said(client().send(copy))).toBe('404 NoSuchKey');
    expect(await at.world.facts('b/never.jpg')).toBeUndefined();
  });

  test('for a copy of a key that only the disk has carries it up first', async () => {
    const copy = { ...where('b/target.jpg'), CopySource: `${clientBucket}/b/copied.jpg`, ACL: 'public-read' } as const;
    await client().send(new CopyObjectCommand(copy));
    const target = await at.world.facts('b/target.jpg');
    expect(target).toMatchObject({ size: 10, contentType: 'image/jpeg', isPublic: true });
    expect(await at.seen('b/target.jpg')).toBe(bytes);
    expect(await at.world.facts('b/copied.jpg')).toMatchObject({ isPublic: true, size: 10 });
  });

  test('for a part of an upload that only the disk has carries it up first', async () => {
    const upload = where('b/upload.jpg');
    const { UploadId } = await client().send(new CreateMultipartUploadCommand(upload));
    const source = { CopySource: `${clientBucket}/b/part.jpg`, UploadId, PartNumber: 1 };
    const { CopyPartResult } = await client().send(new UploadPartCopyCommand({ ...upload, ...source }));
    expect(CopyPartResult?.ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(await at.world.facts('b/part.jpg')).toMatchObject({ size: 10 });
  });

  test('for a copy with other metadata keeps them, and not what Upstairs notes for itself', async () => {
    const copy = {
      ...where('b/metadata-target.jpg'),
      CopySource: `${clientBucket}/b/metadata.jpg`,
      MetadataDirective: 'REPLACE',
      Metadata: { told: 'by the client' },
      ContentType: 'image/png',
    } as const;
    await client().send(new CopyObjectCommand(copy));
    const { Metadata, ContentType } = await get('b/metadata-target.jpg');
    expect([Metadata, ContentType]).toEqual([{ told: 'by the client' }, 'image/png']);
  });

  test('lists what the bucket has by now, in pages, without what is our own', async () => {
    for (const Key of ['c/1', 'c/2', 'c/3']) await client().send(new PutObjectCommand({ ...where(Key), Body: bytes }));
    await client().send(new DeleteObjectCommand(where('c/2')));
    const list = async (asked: object) => {
      const page = await client().send(new ListObjectsV2Command({ Bucket: clientBucket, ...asked }));
      return [page.Name, (page.Contents ?? []).map(({ Key }) => Key), page.IsTruncated];
    };
    expect(await list({ Prefix: 'c/' })).toEqual([clientBucket, ['c/1', 'c/3'], false]);
    expect(await list({ Prefix: 'c/', StartAfter: 'c/1' })).toEqual([clientBucket, ['c/3'], false]);
    expect(await list({ Prefix: 'c/', MaxKeys: 1 })).toEqual([clientBucket, ['c/1'], true]);
    const everything = (await list({}))[1] as string[];
    expect(everything).toContain('a/above.jpg');
    expect(everything.filter((key) => key.startsWith('_upstairs/'))).toEqual([]);
  });

  test('is served from the disk while the store does not answer; what was deleted stays so, the rest is no absence', async () => {
    await client().send(new DeleteObjectCommand(where('b/outage-deleted.jpg')));
    at.world.store.decide = () => 'refuse';
    expect(await text('b/outage.jpg')).toBe(bytes);
    expect(await said(get('b/outage-deleted.jpg'))).toBe('404 NoSuchKey');
    expect(await said(get('a/private.jpg'))).toBe('503 ServiceUnavailable');
    expect(await said(get('a/nowhere.jpg'))).toBe('503 ServiceUnavailable');
    at.world.store.decide = () => 'pass';
  });
});

describe.skipIf(needs('ceph').skip)('while the bucket is not known to be the right one, the write host', () => {
  const identity = '_upstairs/identity';

  test('gives and takes nothing of it, serves from the disk, and records what hides for later', async () => {
    const keys = ['above', 'below', 'deleted', 'suspended', 'put'].map((name) => `a/${name}.jpg`);
    const [above, onDisk, deleted, suspended, put] = keys as [string, string, string, string, string];
    const at = await lives({ files: Object.fromEntries([onDisk, deleted, suspended, put].map((key) => below(key))) });
    const { rgw, bucket, upstairs, store } = at.world;
    for (const Key of [above, deleted, suspended])
      await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes, ACL: 'public-read' }));
    const client = at.world.client();
    const own = await rgw.client.send(new GetObjectCommand({ Bucket: bucket, Key: identity }));
    const identityText = (await own.Body?.transformToString()) ?? '';
    await rgw.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: identity }));
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(503));

    const since = store.seen.length;
    const get = (key: string) => client.send(new GetObjectCommand(where(key)));
    expect(await said(get(above))).toBe('503 ServiceUnavailable');
    expect(await (await get(onDisk)).Body?.transformToString()).toBe(bytes);
    expect(await said(get('a/nowhere.jpg'))).toBe('503 ServiceUnavailable');
    const answers = await Promise.all([
      said(client.send(new PutObjectCommand({ ...where(put), Body: 'new' }))),
      said(client.send(new CopyObjectCommand({ ...where('a/copy.jpg'), CopySource: `${clientBucket}/${onDisk}` }))),
      said(client.send(new ListObjectsV2Command({ Bucket: clientBucket }))),
      said(client.send(new DeleteObjectCommand(where(deleted)))),
      said(client.send(new PutObjectAclCommand({ ...where(suspended), ACL: 'private' }))),
      said(client.send(new PutObjectAclCommand({ ...where(put), ACL: 'public-read' }))),
    ]);
    expect(answers).toEqual([...Array(5).fill('503 ServiceUnavailable'), '503 SlowDown']);
    expect([await at.seen(deleted), await at.seen(suspended), await at.seen(onDisk)]).toEqual([404, 404, bytes]);
    const reached = store.seen.slice(since).filter(({ path }) => keys.some((key) => path.endsWith(key)));
    expect(reached).toEqual([]);

    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key: identity, Body: identityText }));
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(200));
    await at.settled();
    expect(await at.world.facts(deleted)).toBeUndefined();
    expect((await at.world.facts(suspended))?.isPublic).toBe(false);
    expect([await at.seen(deleted), await at.seen(suspended), await at.seen(above)]).toEqual([404, 404, bytes]);
    expect(await at.seen(put)).toBe(bytes);
  });
});

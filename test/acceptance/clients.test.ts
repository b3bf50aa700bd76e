import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectAclCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Door, doors } from '../clients/door.ts';
import { mastodon } from '../clients/mastodon.ts';
import { s3cmd } from '../clients/s3cmd.ts';
import { needs } from '../support/left-out.ts';
import { jpeg } from '../support/media-files.ts';
import { objectFacts, s3Client, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';

const immutable = 'public, max-age=315576000, immutable';
const everybody = 'http://acs.amazonaws.com/groups/global/AllUsers';
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

/** What the store really holds behind a door. */
const factsOf = (door: Door) => (key: string) => objectFacts(sharedRgw().client, door.storeBucket, key);

describe.skipIf(needs('ceph', 'ruby').skip)("Mastodon's own S3 library", () => {
  test.each(doors)('does all that Mastodon does, $where', { timeout: 120_000 }, async ({ open }) => {
    const door = await open();
    const facts = factsOf(door);
    const steps = await mastodon(door);
    const seen = (step: string) => steps.get(step) ?? expect.fail(`${step} is missing`);
    const stored = async (step: string) => {
      const { key = '', md5 } = seen(step);
      const found = await facts(key);
      expect([step, found?.md5]).toEqual([step, md5]);
      return found;
    };

    const picture = { contentType: 'image/jpeg', cacheControl: immutable };
    expect(await stored('put')).toMatchObject({ ...picture, isPublic: false }); // made private later on
    expect(await stored('multipart')).toMatchObject({
      contentType: 'video/mp4',
      cacheControl: immutable,
      isPublic: true,
    });
    expect((await stored('multipart'))?.etag).toMatch(/^[0-9a-f]{32}-4$/);
    expect(await stored('stream')).toMatchObject({ contentType: 'application/zip', isPublic: false });
    expect(seen('head')).toMatchObject({ size: 100_000, type: 'image/jpeg', cache: immutable, etag: seen('put').md5 });
    expect(seen('range')).toMatchObject({ range: 'bytes 1000-1999/100000', right: true });
    expect(seen('get').md5).toBe(seen('multipart').md5);
    expect(seen('download').md5).toBe(seen('multipart').md5);

    expect(await stored('copy_from')).toMatchObject({ ...picture, isPublic: true });
    expect(await stored('copy_to')).toMatchObject({ ...picture, isPublic: false });
    expect(seen('acl_private').grants).toEqual([['owner', 'FULL_CONTROL']]);
    expect(seen('acl_public').grants).toHaveLength(2);
    expect(seen('acl_public').grants).toEqual(
      expect.arrayContaining([
        ['owner', 'FULL_CONTROL'],
        [everybody, 'READ'],
      ]),
    );
    expect(seen('acl_missing').code).toBe('NoSuchKey');

    expect(seen('list')).toMatchObject({ truncated: true });
    expect((seen('list').keys as string[]).map((key) => key.slice(0, 27))).toEqual(
      [10, 11, 12, 13, 14].map((n) => `cache/accounts/avatars/00${n}`),
    );
    expect(seen('list').keys).toContain('cache/accounts/avatars/0012/a b+ü&12.png');
    expect(seen('list_all').count).toBe(500);
    expect(seen('batch_delete')).toMatchObject({ deleted: 0, errors: 0 }); // quiet: only errors are told
    expect(seen('list_after').count).toBe(0);
    expect(seen('batch_delete_loud').deleted).toEqual([seen('batch_delete_loud').key, 'missing.jpg']);
    const left = await sharedRgw().client.send(
      new ListObjectsV2Command({ Bucket: door.storeBucket, Prefix: 'cache/' }),
    );
    expect(left.KeyCount).toBe(0);

    expect(seen('presigned_get')).toMatchObject({ status: 200, md5: seen('stream').md5 });
    expect(seen('presigned_put').status).toBe(200);
    expect(await stored('presigned_put')).toMatchObject({ contentType: 'text/csv', isPublic: false });
    expect(seen('get_missing').code).toBe('NoSuchKey');
    expect(seen('head_missing')).toMatchObject({ code: 'NotFound', exists: false });
    expect(seen('delete').exists).toBe(false);
    expect(await facts(seen('delete').key ?? '')).toBeUndefined();
    if (door.guarded) expect(seen('create_bucket').code).toBe('AccessDenied');
  });
});

describe.skipIf(needs('ceph', 's3cmd').skip)('s3cmd', () => {
  test.each(doors)(
    'puts, gets, lists, copies, publishes and deletes, $where',
    { timeout: 120_000 },
    async ({ open }) => {
      const door = await open();
      const facts = factsOf(door);
      const run = s3cmd(door);
      const base = `s3://${door.bucket}`;
      const folder = scratch('files');
      const picture = jpeg(1, { bytes: 50_000 });
      const film = randomBytes(20_000_000);
      writeFileSync(join(folder, 'a b.jpg'), picture);
      writeFileSync(join(folder, 'film.mp4'), film);

      await run('put', '--acl-public', '--mime-type=image/jpeg', join(folder, 'a b.jpg'), `${base}/s3cmd/a b+ü.jpg`);
      expect(await facts('s3cmd/a b+ü.jpg')).toMatchObject({
        md5: md5(picture),
        contentType: 'image/jpeg',
        isPublic: true,
      });
      await run('put', '--multipart-chunk-size-mb=5', join(folder, 'film.mp4'), `${base}/s3cmd/film.mp4`);
      expect(await facts('s3cmd/film.mp4')).toMatchObject({
        md5: md5(film),
        contentType: 'video/mp4',
        isPublic: false,
      });
      expect((await facts('s3cmd/film.mp4'))?.etag).toMatch(/-4$/);

      await run('get', `${base}/s3cmd/film.mp4`, join(folder, 'back.mp4'));
      expect(md5(readFileSync(join(folder, 'back.mp4')))).toBe(md5(film));
      const listed = await run('ls', '--recursive', `${base}/s3cmd/`);
      expect(listed.split('\n').map((line) => line.replace(/^.*s3:/, 's3:'))).toEqual([
        `${base}/s3cmd/a b+ü.jpg`,
        `${base}/s3cmd/film.mp4`,
        '',
      ]);
      expect(await run('ls', base)).toMatch(new RegExp(`DIR +${base}/s3cmd/`));

      await run('cp', `${base}/s3cmd/a b+ü.jpg`, `${base}/s3cmd/copy.jpg`);
      expect((await facts('s3cmd/copy.jpg'))?.md5).toBe(md5(picture));
      await run('setacl', '--acl-private', `${base}/s3cmd/a b+ü.jpg`);
      expect(await facts('s3cmd/a b+ü.jpg')).toMatchObject({ isPublic: false, md5: md5(picture) });
      await run('setacl', '--acl-public', `${base}/s3cmd/film.mp4`);
      expect(await facts('s3cmd/film.mp4')).toMatchObject({ isPublic: true, md5: md5(film) });

      await run('del', `${base}/s3cmd/film.mp4`);
      expect(await facts('s3cmd/film.mp4')).toBeUndefined();
      await run('del', '--recursive', '--force', `${base}/s3cmd/`);
      expect(await run('ls', '--recursive', `${base}/s3cmd/`)).toBe('');
      await expect(run('get', `${base}/s3cmd/film.mp4`, join(folder, 'no.mp4'))).rejects.toThrow(
        /404|NoSuchKey|does not exist/,
      );
      if (door.guarded) await expect(run('mb', 's3://another')).rejects.toThrow(/AccessDenied|403/);
    },
  );
});

describe.skipIf(needs('ceph').skip)('the AWS SDK for JavaScript', () => {
  test.each(doors)(
    'puts, gets, lists, copies, publishes and deletes, $where',
    { timeout: 60_000 },
    async ({ open }) => {
      const door = await open();
      const facts = factsOf(door);
      const client = s3Client(door);
      onTestFinished(() => client.destroy());
      const at = (Key: string) => ({ Bucket: door.bucket, Key });
      const picture = jpeg(2, { bytes: 50_000 });
      const file = join(scratch('files'), 'a.jpg');
      writeFileSync(file, picture);
      const odd = "js/a b+ü~'()*!@&=.jpg";

      await client.send(
        new PutObjectCommand({
          ...at(odd),
          Body: picture,
          ACL: 'public-read',
          ContentType: 'image/jpeg',
          Metadata: { by: 'js' },
        }),
      );
      expect(await facts(odd)).toMatchObject({ md5: md5(picture), contentType: 'image/jpeg', isPublic: true });
      expect((await facts(odd))?.metadata).toMatchObject({ by: 'js' });
      await client.send(
        new PutObjectCommand({ ...at('js/stream.jpg'), Body: createReadStream(file), ContentLength: picture.length }),
      );
      expect(await facts('js/stream.jpg')).toMatchObject({ md5: md5(picture), isPublic: false });
      const film = randomBytes(20_000_000);
      await new Upload({ client, params: { ...at('js/film.mp4'), Body: film }, queueSize: 4 }).done();
      expect((await facts('js/film.mp4'))?.md5).toBe(md5(film));

      const got = await client.send(new GetObjectCommand({ ...at(odd), Range: 'bytes=10-19' }));
      expect(got.ContentRange).toBe(`bytes 10-19/${picture.length}`);
      expect(await got.Body?.transformToByteArray()).toEqual(Uint8Array.from(picture.subarray(10, 20)));
      const head = await client.send(new HeadObjectCommand(at(odd)));
      expect(head).toMatchObject({ ContentLength: picture.length, Metadata: { by: 'js' }, ETag: `"${md5(picture)}"` });
      expect(Object.keys(head.Metadata ?? {})).toEqual(['by']); // nothing of ours

      const pages = await client.send(new ListObjectsV2Command({ Bucket: door.bucket, Prefix: 'js/', MaxKeys: 2 }));
      const rest = await client.send(
        new ListObjectsV2Command({
          Bucket: door.bucket,
          Prefix: 'js/',
          ContinuationToken: pages.NextContinuationToken,
        }),
      );
      expect([...(pages.Contents ?? []), ...(rest.Contents ?? [])].map(({ Key }) => Key)).toEqual([
        odd,
        'js/film.mp4',
        'js/stream.jpg',
      ]);

      const CopySource = `${door.bucket}/${encodeURIComponent(odd)}`;
      await client.send(new CopyObjectCommand({ ...at('js/copy.jpg'), CopySource, ACL: 'public-read' }));
      expect(await facts('js/copy.jpg')).toMatchObject({ md5: md5(picture), isPublic: true });
      await client.send(new PutObjectAclCommand({ ...at('js/copy.jpg'), ACL: 'private' }));
      expect((await facts('js/copy.jpg'))?.isPublic).toBe(false);

      await client.send(new DeleteObjectCommand(at('js/copy.jpg')));
      expect(await facts('js/copy.jpg')).toBeUndefined();
      const Objects = [odd, 'js/film.mp4', 'js/never.jpg'].map((Key) => ({ Key }));
      const { Deleted, Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket: door.bucket, Delete: { Objects } }),
      );
      expect([Deleted?.map(({ Key }) => Key).toSorted(), Errors]).toEqual([
        Objects.map(({ Key }) => Key).toSorted(),
        [],
      ]);
      expect([await facts(odd), await facts('js/film.mp4')]).toEqual([undefined, undefined]);
      await expect(client.send(new GetObjectCommand(at(odd)))).rejects.toMatchObject({ name: 'NoSuchKey' });
      await expect(client.send(new HeadObjectCommand(at(odd)))).rejects.toMatchObject({ name: 'NotFound' });
    },
  );

  test.each(doors)('as it is by default, with checksums, puts what is in memory, $where', async ({ open }) => {
    const door = await open();
    const client = byDefault(door);
    await client.send(new PutObjectCommand({ Bucket: door.bucket, Key: 'js/default.jpg', Body: 'in memory' }));
    expect((await factsOf(door)('js/default.jpg'))?.md5).toBe(md5(Buffer.from('in memory')));
  });

  test('as it is by default is told plainly that its streams are not taken here', async () => {
    const door = await doors.find(({ where }) => where.includes('write host'))!.open();
    const file = join(scratch('files'), 'a.jpg');
    writeFileSync(file, jpeg(3));
    const Body = createReadStream(file);
    const sent = byDefault(door).send(
      new PutObjectCommand({ Bucket: door.bucket, Key: 'js/stream.jpg', Body, ContentLength: jpeg(3).length }),
    );
    await expect(sent).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('checksum'),
      $metadata: { httpStatusCode: 501 },
    });
    expect(await factsOf(door)('js/stream.jpg')).toBeUndefined();
  });
});

/** The SDK with nothing set but where and who. */
function byDefault({ endpoint, accessKey, secretKey, region }: Door): S3Client {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  return client;
}

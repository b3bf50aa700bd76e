import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { bucketSnapshot } from '../support/bucket-snapshot.ts';
import { all, type ByKey, byKey } from '../support/by-key.ts';
import { eventually } from '../support/eventually.ts';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { arrange, filesOf, keyOf, keyStates, lateCopy, slowDisk } from '../support/key-states.ts';
import { needs } from '../support/left-out.ts';
import { type Lives, lives } from '../support/lives.ts';
import { basement } from '../support/media-files.ts';
import { runUpstairs } from '../support/run-upstairs.ts';
import { said } from '../support/said.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig } from '../support/upstairs.ts';
import { clientBucket } from '../support/write-world.ts';

const unrelated = 'site_uploads/files/000/000/001/original/unrelated.jpg';

describe.skipIf(needs('ceph').skip)('a key whose mark was lost with marks.db', { timeout: 60_000 }, () => {
  test('does not come back, however often the program is started', async () => {
    const key = 'media_attachments/files/109/001/002/003/004/005/original/lost.jpg';
    const at = await lives({
      files: { [key]: Buffer.from('what was deleted'), [unrelated]: Buffer.from('unrelated') },
    });
    await at.world.client().send(new DeleteObjectCommand({ Bucket: clientBucket, Key: key }));
    expect(await at.seen(key)).toBe(404);
    await at.world.upstairs.kill();
    for (const end of ['', '-wal', '-shm']) rmSync(join(at.stateDir, `marks.db${end}`), { force: true });
    // As systemd does, two seconds after each end.
    for (let start = 1; start <= 2; start++) {
      const seen = await at.again('SIGKILL').then(
        () => at.seen(key),
        (error: Error) => error.message,
      );
      expect(seen, `start ${start}`).toMatch(/no marks\.db/);
    }
  });
});

describe.skipIf(needs('ceph', 'fuse').skip)('a key on a disk that takes A for a', { timeout: 60_000 }, () => {
  test('stays gone when it is asked for by another name of its file, and no such name is carried up', async () => {
    const [key, kept] = ['gone', 'kept'].map(
      (name) => `media_attachments/files/109/001/002/003/004/005/original/${name}.jpg`,
    ) as [string, string];
    const behind = scratch('behind');
    await basement(behind, { [key]: Buffer.from('what was deleted'), [kept]: Buffer.from('kept') });
    const disk = await mountFaultyDisk(behind, { ignoreCase: true });
    onTestFinished(() => disk.unmount());
    const sources = [{ type: 'disk', name: 'basement', root: disk.mountPoint }];
    const at = await lives({ config: { sources } });
    await at.world.client().send(new DeleteObjectCommand({ Bucket: clientBucket, Key: key }));
    const others = [key.replace('gone', 'GONE'), key.replace('.jpg', '.JPG'), key.replace('original', 'Original')];
    expect(await byKey([key, ...others], at.seen)).toEqual(all([key, ...others], 404));
    const client = at.world.client();
    const owned = await byKey(others, (Key) => said(client.send(new GetObjectCommand({ Bucket: clientBucket, Key }))));
    expect(owned).toEqual(all(others, '404 NoSuchKey'));
    expect(await byKey([kept.replace('kept', 'KEPT'), kept], at.seen)).toEqual({
      [kept.replace('kept', 'KEPT')]: 404,
      [kept]: 'kept',
    });
    await eventually(async () => (await at.world.puts(kept)).length > 0);
    await at.settled();
    const objects = await bucketSnapshot(at.world.rgw.client, at.world.bucket);
    expect(objects.filter((line) => line.startsWith('media_attachments/'))).toHaveLength(1);
  });
});

describe.skipIf(needs('ceph', 'fuse').skip)('a key that is deleted through the write host', { timeout: 60_000 }, () => {
  const one = keyStates.map((state) => keyOf('one', state));
  const many = keyStates.map((state) => keyOf('many', state));
  const keys = [...one, ...many];
  const ends: (() => Promise<unknown>)[] = [];
  let told: ByKey;
  let atOnce: ByKey;
  let at: Lives;

  beforeAll(async () => {
    const files = { ...filesOf('one'), ...filesOf('many'), [unrelated]: Buffer.from('unrelated') };
    at = await lives({ files, faulty: slowDisk, atEnd: (end) => ends.unshift(end) });
    const aftermaths = [await arrange(at, 'one'), await arrange(at, 'many')];
    const client = at.world.client();
    const batch = client.send(
      new DeleteObjectsCommand({ Bucket: clientBucket, Delete: { Objects: many.map((Key) => ({ Key })) } }),
    );
    told = await byKey(one, (Key) => said(client.send(new DeleteObjectCommand({ Bucket: clientBucket, Key }))));
    const { Deleted = [], Errors = [] } = await batch;
    for (const { Key = '' } of Deleted) told[Key] = 'done';
    for (const { Key = '', Code } of Errors) told[Key] = Code;
    atOnce = await byKey(keys, at.seen);
    for (const aftermath of aftermaths) await aftermath();
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test.each(keyStates.map((state) => [state.name, state] as const))(
    'when it %s: by DeleteObject and by DeleteObjects it is done, and a 404 for readers',
    async (_name, state) => {
      const both = [keyOf('one', state), keyOf('many', state)];
      expect(both.map((key) => [told[key], atOnce[key]])).toEqual([
        ['done', 404],
        ['done', 404],
      ]);
    },
  );

  /** For readers, for the owner, and in the bucket. */
  async function expectGone() {
    expect(await byKey(keys, at.seen)).toEqual(all(keys, 404));
    const client = at.world.client();
    const owned = await byKey(keys, (Key) => said(client.send(new GetObjectCommand({ Bucket: clientBucket, Key }))));
    expect(owned).toEqual(all(keys, '404 NoSuchKey'));
    await at.settled();
    const objects = await bucketSnapshot(at.world.rgw.client, at.world.bucket);
    expect(objects.filter((line) => keys.some((key) => line.startsWith(key)))).toEqual([]);
    expect(await at.seen(unrelated)).toBe('unrelated');
  }

  test('is gone for readers and for its owner, and never in the bucket once the looks are over', async () => {
    await expectGone();
    // Late copies had landed indeed.
    for (const actor of ['one', 'many']) expect(await at.world.puts(keyOf(actor, lateCopy))).toEqual([200]);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('stays gone after an end by %s and a start', async (signal) => {
    await at.again(signal);
    await expectGone();
  });

  test('stays gone after a backup, and a restore on another state directory', async () => {
    const { store, bucket, root } = at.world;
    const backup = join(scratch('backups'), 'first');
    const configOf = (stateDir: string) => baseConfig({ endpoint: store.endpoint, bucket, root, stateDir });
    await runUpstairs(['ledger', 'backup', backup], configOf(at.stateDir));
    const elsewhere = join(scratch('elsewhere'), 'state');
    await runUpstairs(['ledger', 'restore', backup], configOf(elsewhere));
    await at.again('SIGKILL', elsewhere);
    await expectGone();
  });
});

describe.skipIf(needs('ceph', 'fuse').skip)('bytes that are put over a key', { timeout: 60_000 }, () => {
  const keys = keyStates.map((state) => keyOf('put', state));
  const twice = 'media_attachments/files/put/twice.jpg';
  const again = 'media_attachments/files/put/deleted-before.jpg';
  const ends: (() => Promise<unknown>)[] = [];
  let told: ByKey;
  let atOnce: ByKey;
  let at: Lives;
  const put = (Key: string, Body: string) =>
    said(at.world.client().send(new PutObjectCommand({ Bucket: clientBucket, Key, Body, ACL: 'public-read' })));

  beforeAll(async () => {
    const old = { [twice]: Buffer.from('old'), [again]: Buffer.from('old'), [unrelated]: Buffer.from('unrelated') };
    at = await lives({ files: { ...filesOf('put'), ...old }, faulty: slowDisk, atEnd: (end) => ends.unshift(end) });
    const aftermath = await arrange(at, 'put');
    told = await byKey(keys, (key) => put(key, `new bytes of ${key}`));
    atOnce = await byKey(keys, at.seen);
    await aftermath();
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  const fresh = Object.fromEntries(keys.map((key) => [key, `new bytes of ${key}`]));

  test.each(keyStates.map((state) => [state.name, keyOf('put', state)] as const))(
    'that %s are what the next reader gets',
    async (_name, key) => {
      expect([told[key], atOnce[key]]).toEqual(['done', fresh[key]]);
    },
  );

  async function expectFresh() {
    expect(await byKey(keys, at.seen)).toEqual(fresh);
    await at.settled();
    const above = await byKey(keys, async (key) => Buffer.from((await at.world.facts(key))?.body ?? []).toString());
    expect(above).toEqual(fresh);
    expect(await byKey(keys, at.seen)).toEqual(fresh);
  }

  test('are never followed by the old ones, and no copy overwrites them', async () => {
    await expectFresh();
  });

  test('are what readers get after a kill and a start, too', async () => {
    await at.again('SIGKILL');
    await expectFresh();
  });

  test('twice are the second ones for readers, also of those who had the first', async () => {
    expect(await at.seen(twice)).toBe('old');
    expect([await put(twice, 'first'), await at.seen(twice)]).toEqual(['done', 'first']);
    expect([await put(twice, 'second'), await at.seen(twice)]).toEqual(['done', 'second']);
    await at.settled();
    expect(await at.seen(twice)).toBe('second');
  });

  test('show a key again that was deleted, and not what the disk has', async () => {
    const client = at.world.client();
    await client.send(new DeleteObjectCommand({ Bucket: clientBucket, Key: again }));
    expect(await at.seen(again)).toBe(404);
    await at.settled();
    expect([await put(again, 'new'), await at.seen(again)]).toEqual(['done', 'new']);
  });
});

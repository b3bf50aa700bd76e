import { join } from 'node:path';
import { GetObjectAclCommand, GetObjectCommand, PutObjectAclCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { all, type ByKey, byKey } from '../support/by-key.ts';
import { eventually } from '../support/eventually.ts';
import { arrange, bytesOf, filesOf, keyOf, keyStates, lateCopy, slowDisk } from '../support/key-states.ts';
import { needs } from '../support/left-out.ts';
import { type Lives, lives } from '../support/lives.ts';
import { runUpstairs } from '../support/run-upstairs.ts';
import { said } from '../support/said.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig } from '../support/upstairs.ts';
import { clientBucket } from '../support/write-world.ts';

const keys = keyStates.map((state) => keyOf('suspended', state));
const bytes: ByKey = Object.fromEntries(
  keyStates.map((state) => [keyOf('suspended', state), bytesOf(keyOf('suspended', state), state).toString()]),
);
const unrelated = 'site_uploads/files/000/000/001/original/unrelated.jpg';
const owners = 'media_attachments/files/restored/owners.jpg';
const both = 'media_attachments/files/restored/both.jpg';
const early = 'media_attachments/files/restored/early.jpg';

describe.skipIf(needs('ceph', 'fuse').skip)('a key that is made private through the write host', () => {
  const ends: (() => Promise<unknown>)[] = [];
  let told: ByKey;
  let atOnce: ByKey;
  let at: Lives;
  const acl = (Key: string, ACL: 'private' | 'public-read') =>
    said(at.world.client().send(new PutObjectAclCommand({ Bucket: clientBucket, Key, ACL })));
  const owned = (Key: string) =>
    at.world
      .client()
      .send(new GetObjectCommand({ Bucket: clientBucket, Key }))
      .then(({ Body }) => Body?.transformToString());
  const isPublic = async (key: string) => (await at.world.facts(key))?.isPublic;
  const groupGranted = async (Key: string) => {
    const { Grants = [] } = await at.world.client().send(new GetObjectAclCommand({ Bucket: clientBucket, Key }));
    return Grants.some(({ Grantee }) => Grantee?.Type === 'Group');
  };

  beforeAll(async () => {
    const old = (mode: number) => ({ bytes: Buffer.from('old'), mode });
    const others = { [owners]: old(0o600), [both]: old(0o644), [early]: old(0o600), [unrelated]: old(0o644) };
    const files = { ...filesOf('suspended'), ...others };
    at = await lives({ files, faulty: slowDisk, atEnd: (end) => ends.unshift(end) });
    const aftermath = await arrange(at, 'suspended');
    told = await byKey(keys, (key) => acl(key, 'private'));
    atOnce = await byKey(keys, at.seen);
    await aftermath();
  }, 60_000);
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test.each(keyStates.map((state) => [state.name, keyOf('suspended', state)] as const))(
    'when it %s: it is done, and a 404 for readers',
    async (_name, key) => {
      expect([told[key], atOnce[key]]).toEqual(['done', 404]);
    },
  );

  test('is shown to its owner, and its copy arrives private', async () => {
    expect(await byKey(keys, owned)).toEqual(bytes);
    expect(await byKey(keys, groupGranted)).toEqual(all(keys, false));
    await at.settled();
    await eventually(async () => expect(await byKey(keys, isPublic)).toEqual(all(keys, false)), { withinMs: 15_000 });
    expect(await byKey(keys, at.seen)).toEqual(all(keys, 404));
    expect(await at.seen(unrelated)).toBe('old');
    // A copy for everybody had landed late indeed.
    expect(await at.world.puts(keyOf('suspended', lateCopy))).toContain(200);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('stays private after an end by %s and a start', async (signal) => {
    await at.again(signal);
    expect(await byKey(keys, at.seen)).toEqual(all(keys, 404));
    expect(await byKey(keys, isPublic)).toEqual(all(keys, false));
  });

  test('stays private after a backup, and a restore on another state directory', async () => {
    const { store, bucket, root } = at.world;
    const backup = join(scratch('backups'), 'first');
    const configOf = (stateDir: string) => baseConfig({ endpoint: store.endpoint, bucket, root, stateDir });
    await runUpstairs(['ledger', 'backup', backup], configOf(at.stateDir));
    const elsewhere = join(scratch('elsewhere'), 'state');
    await runUpstairs(['ledger', 'restore', backup], configOf(elsewhere));
    await at.again('SIGKILL', elsewhere);
    expect(await byKey(keys, at.seen)).toEqual(all(keys, 404));
    expect(await byKey(keys, isPublic)).toEqual(all(keys, false));
  });

  test('is shown again, and public in the bucket, once it is made public again', async () => {
    expect(await byKey(keys, (key) => acl(key, 'public-read'))).toEqual(all(keys, 'done'));
    expect(await byKey(keys, at.seen)).toEqual(bytes);
    await at.settled();
    expect(await byKey(keys, isPublic)).toEqual(all(keys, true));
    expect(await byKey(keys, groupGranted)).toEqual(all(keys, true));
    expect(await byKey(keys, at.seen)).toEqual(bytes);
  });

  test('is shown again before it was ever copied, and its copy is public', async () => {
    expect([await at.seen(both), await acl(both, 'private'), await at.seen(both)]).toEqual(['old', 'done', 404]);
    expect([await acl(both, 'public-read'), await at.seen(both)]).toEqual(['done', 'old']);
    await eventually(async () => expect(await isPublic(both)).toBe(true));
  });

  test("is made public against its file's own mode, on the disk and in the bucket", async () => {
    expect([await at.seen(early), await acl(early, 'public-read'), await at.seen(early)]).toEqual([404, 'done', 'old']);
    await eventually(async () => expect(await isPublic(early)).toBe(true));
    await at.settled();
    expect([await at.seen(early), await isPublic(early)]).toEqual(['old', true]);
  });

  test("is made public by a mark alone while nobody asks: the file's own mode counts no more after a start", async () => {
    expect(await acl(owners, 'public-read')).toBe('done');
    await at.again('SIGKILL');
    expect(await at.seen(owners)).toBe('old');
    await eventually(async () => expect(await isPublic(owners)).toBe(true));
  });

  test('but is nowhere: is a NoSuchKey, and nothing is decided about it', async () => {
    const nowhere = 'media_attachments/files/nowhere.jpg';
    expect([await acl(nowhere, 'private'), await acl(nowhere, 'public-read')]).toEqual(Array(2).fill('404 NoSuchKey'));
    expect(await at.seen(nowhere)).toBe(404);
    expect(await said(owned(nowhere))).toBe('404 NoSuchKey');
  });
});

import { readdirSync, readlinkSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AwaitedDisk } from '../../src/sources/awaited-disk.ts';
import { ClaimedPaths } from '../../src/sources/claimed-paths.ts';
import { LinkedDisk } from '../../src/sources/linked-disk.ts';
import { type FaultyDisk, mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { writeMedia } from '../support/media-files.ts';
import { scratch } from '../support/scratch.ts';
import { never, objectOf, sourceContract } from './source.contract.ts';

/** So few that two hung disks leave threads to a process that has four. */
const limits = { maxOutstanding: 2, maxLookups: 2, maxWaiting: 100, deadlineMs: 1500 };
const notMounted = { kind: 'unavailable', trouble: 'not-mounted' };

function awaited(root: string, links: { link: string; to: string }[] = [], claimed = new ClaimedPaths('/nowhere')) {
  return new AwaitedDisk({
    ...limits,
    name: 'basement',
    root,
    links,
    headersOf: () => ({}),
    refusal: (path) => claimed.claim(path),
  });
}

/** A disk with a file, and a symlink `cache` to another directory with a file. */
async function linked(to?: string) {
  const root = scratch('root');
  const elsewhere = join(to ?? scratch('b'), 'cache');
  await writeMedia(root, 'accounts/a.jpg', 'of the root');
  await mkdir(elsewhere, { recursive: true });
  await writeMedia(elsewhere, 'b.jpg', 'of the link');
  await symlink(elsewhere, join(root, 'cache'));
  const claimed = new ClaimedPaths('/nowhere');
  const whole = awaited(root, [{ link: 'cache', to: elsewhere }], claimed);
  const part = awaited(elsewhere, [], claimed);
  await Promise.all([whole.look(), part.look()]);
  const disk = new LinkedDisk(whole, [{ link: 'cache', disk: part }]);
  const kind = async (key: string) => {
    const answer = await disk.open(key, never);
    if (answer.kind === 'found') answer.object.close();
    return answer.kind === 'unavailable' ? answer.trouble : answer.kind;
  };
  return { root, elsewhere, disk, kind };
}

sourceContract('what a link of a disk leads to', async () => {
  const { elsewhere, disk } = await linked();
  return {
    source: { name: disk.name, open: (key, signal) => disk.open(`cache/${key}`, signal) },
    put: async (key, bytes) => void (await writeMedia(elsewhere, key, bytes)),
    held: () => descriptorsBelow(elsewhere),
    [Symbol.asyncDispose]: async () => undefined,
  };
});

describe('a disk with a link', () => {
  test('has the files below the link, and its own', async () => {
    const { disk } = await linked();
    for (const [key, bytes] of [
      ['cache/b.jpg', 'of the link'],
      ['accounts/a.jpg', 'of the root'],
    ] as const) {
      const object = objectOf(await disk.open(key, never));
      expect((await buffer(object.read())).toString()).toBe(bytes);
      object.close();
    }
    expect(disk.absences).toEqual([]);
  });

  test.each([
    'cache',
    'cache/',
    'cache//b.jpg',
    'cache/./b.jpg',
    'cache/../cache/b.jpg',
    './cache/b.jpg',
    'accounts/../cache/b.jpg',
    'b.jpg',
    'cache2/b.jpg',
  ])('opens a file under one key only: not %s', async (key) => {
    expect(await (await linked()).kind(key)).toBe('missing');
  });

  test('follows no other link, nor one beyond it', async () => {
    const { root, elsewhere, kind } = await linked();
    await symlink(elsewhere, join(root, 'other'));
    await symlink(elsewhere, join(elsewhere, 'again'));
    await symlink('b.jpg', join(elsewhere, 'c.jpg'));
    await symlink(join(root, 'accounts'), join(elsewhere, 'back'));
    for (const key of ['other/b.jpg', 'cache/again/b.jpg', 'cache/c.jpg', 'cache/back/a.jpg'])
      expect([key, await kind(key)]).toEqual([key, 'missing']);
  });

  test('proves no absence below the link while what it leads to is not mounted', async () => {
    const { elsewhere, kind } = await linked();
    expect(await kind('cache/none.jpg')).toBe('missing');
    await rename(elsewhere, `${elsewhere}-away`);
    expect([await kind('cache/b.jpg'), await kind('cache/none.jpg')]).toEqual(['not-mounted', 'not-mounted']);
    await mkdir(elsewhere);
    expect([await kind('cache/b.jpg'), await kind('accounts/none.jpg')]).toEqual(['not-mounted', 'missing']);
  });

  test('serves what lies elsewhere while its root is not mounted', async () => {
    const { root, kind } = await linked();
    await rm(root, { recursive: true });
    expect([await kind('cache/b.jpg'), await kind('accounts/a.jpg')]).toEqual(['found', 'not-mounted']);
  });
});

test.skipIf(needs('fuse').skip)('a link to a disk that hangs costs the root nothing', async () => {
  const behind = scratch('behind');
  await mkdir(join(behind, 'cache'));
  const failing: FaultyDisk = await mountFaultyDisk(behind, { writable: true });
  onTestFinished(() => failing.unmount());
  const { disk, kind } = await linked(failing.mountPoint);
  await failing.setRules([{ op: '*', hang: true }]);
  const asked = Array.from({ length: 8 }, (_, i) => kind(`cache/none-${i}.jpg`));
  const began = performance.now();
  expect(await kind('accounts/a.jpg')).toBe('found');
  expect(performance.now() - began).toBeLessThan(1300);
  expect(new Set(await Promise.all(asked))).not.toContain('missing');
  expect(disk.hung).toBe(true);
  await failing.setRules([]);
});

describe('a disk that is awaited', () => {
  test('and put to rest is not touched, and is looked for again as another device', async () => {
    const claimed = new ClaimedPaths('/nowhere');
    const root = scratch('root');
    await writeMedia(root, 'a.jpg', 'a');
    const refusal = claimed.claimant();
    const disk = new AwaitedDisk({ ...limits, name: 'basement', root, links: [], headersOf: () => ({}), refusal });
    await disk.look();
    expect((await disk.open('none.jpg', never)).kind).toBe('missing');
    disk.rest();
    expect(await disk.open('a.jpg', never)).toEqual(notMounted);
    await rename(root, `${root}-away`);
    await mkdir(root);
    await writeMedia(root, 'b.jpg', 'b');
    await disk.look();
    expect(disk.absences).toEqual([]);
    objectOf(await disk.open('b.jpg', never)).close();
    expect(claimed.claim(root)).toMatch(/^is the same directory/);
  });

  test('and put to rest while it is looked at is not used', async () => {
    const root = scratch('root');
    await writeMedia(root, 'a.jpg', 'a');
    const disk = awaited(root);
    const look = disk.look();
    disk.rest();
    await look;
    expect(await disk.open('a.jpg', never)).toEqual(notMounted);
  });

  test.each<[string, (root: string) => Promise<unknown>, string]>([
    ['does not exist', async () => undefined, 'does not exist: is the disk mounted?'],
    ['is empty', (root) => mkdir(root), 'is empty: is the disk mounted?'],
    ['is a file', (root) => writeFile(root, 'x'), 'is not a directory'],
    ['lacks its link', (root) => writeMedia(root, 'a.jpg', 'a'), 'has no symlink at cache'],
    [
      'has a directory in the place of its link',
      (root) => writeMedia(root, 'cache/a.jpg', 'a'),
      'has no symlink at cache',
    ],
    [
      'has another link',
      async (root) => {
        await mkdir(root);
        await symlink('/etc', join(root, 'cache'));
      },
      'has a symlink at cache that leads elsewhere',
    ],
  ])('is unavailable while it %s', async (_what, prepare, why) => {
    const root = join(scratch(), 'root');
    await prepare(root);
    const disk = awaited(root, [{ link: 'cache', to: '/mnt/b/cache' }]);
    await disk.look();
    expect(disk.absences).toEqual([expect.stringContaining(`${root} ${why}`)]);
    expect(await disk.open('a.jpg', never)).toEqual(notMounted);
  });

  test('is used once it appears, and then only with the same device and inode', async () => {
    const root = join(scratch(), 'root');
    await mkdir(root);
    const disk = awaited(root);
    await disk.look();
    const appeared = new Promise<void>((resolve) => disk.watch(10, resolve));
    await writeMedia(root, 'a.jpg', 'a');
    await appeared;
    objectOf(await disk.open('a.jpg', never)).close();
    expect(await disk.open('none.jpg', never)).toEqual({ kind: 'missing' });
    await rename(root, `${root}-away`);
    await mkdir(root);
    expect(await disk.open('a.jpg', never)).toMatchObject(notMounted);
  });

  test('is refused where its real path is another one’s', async () => {
    const root = scratch('root');
    await writeMedia(root, 'inner/a.jpg', 'a');
    await symlink(root, `${root}-again`);
    const claimed = new ClaimedPaths(join(root, 'inner', 'state'));
    const others = new ClaimedPaths('/nowhere');
    await awaited(root, [], others).look();
    const refused = [
      awaited(root, [], claimed),
      awaited(`${root}-again`, [], others),
      awaited(`${root}/inner`, [], others),
    ];
    for (const disk of refused) await disk.look();
    expect(refused.map(({ absences }) => absences.length)).toEqual([1, 1, 1]);
    expect(refused[0]?.absences[0]).toContain('holds state.dir');
  });

  test('that stopped waiting looks no more', async () => {
    const root = join(scratch(), 'root');
    const disk = awaited(root);
    disk.watch(5, () => expect.unreachable());
    disk.stop();
    disk.watch(5, () => expect.unreachable());
    await writeMedia(root, 'a.jpg', 'a');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(disk.absences).toHaveLength(1);
  });
});

/** Descriptors of this process that lead below a directory. */
function descriptorsBelow(root: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(root);
    } catch {
      return false; // the descriptor that read the directory
    }
  }).length;
}

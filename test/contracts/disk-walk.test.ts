import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { makeHostileTree } from '../support/hostile-tree.ts';
import { needs } from '../support/left-out.ts';
import { basement, longAgo, writeMedia } from '../support/media-files.ts';
import { scratch } from '../support/scratch.ts';
import { walked, walkOf } from '../support/walked.ts';

/** Makes a file whose name is no text. */
function writeBytes(root: string, name: Buffer): void {
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), name]), 'x');
}

async function tree(root: string, keys: readonly string[]): Promise<void> {
  await basement(root, Object.fromEntries(keys.map((key) => [key, 'x'])));
}

const keysOf = ({ files }: { files: readonly { key: string }[] }) => files.map(({ key }) => key);
const byBytes = (keys: readonly string[]) => keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const plain = [
  'a',
  'a-b/x',
  'a.b',
  'b/a',
  'b/c/d/e.jpg',
  'b/c/d0',
  'b/c.d',
  'b0',
  'media_attachments/files/109/412/original/ä ö.png',
  'media_attachments/files/109/412/small/\u{1F600}.png',
  'z',
  '\uFB01',
];

describe('a walk of a disk', () => {
  test('is told from one of another disk in the same place, also where device and inode are the same', async () => {
    const root = scratch('disk');
    const elsewhere = scratch('elsewhere');
    await tree(root, ['a']);
    await tree(elsewhere, ['b']);
    symlinkSync(elsewhere, join(root, 'cache'));
    // The clock of a file system has ticks: the birth must not be the time of the last change too.
    await sleep(20);
    chmodSync(root, 0o700);
    const told = (options: Parameters<typeof walkOf>[1]) => walkOf(root, options).fingerprint;
    expect(told({ born: 1n })).toBe(told({ born: 1n, dev: 7n }));
    expect(told({ born: 1n })).not.toBe(told({ born: 2n }));
    expect(told({ born: 1n })).not.toBe(told({ born: 1n, ino: 3n }));
    expect(told({ born: 0n, dev: 7n })).not.toBe(told({ born: 0n, dev: 8n }));
    expect(told({ links: { cache: elsewhere } })).not.toBe(told({}));
    await expect(walkOf(root, { born: 2n }).intact()).rejects.toMatchObject({ code: 'SOURCE_LOST' });
    await walkOf(root).intact();
  });

  test('tells size, mtime to the microsecond and mode of every file, in the order of the keys’ bytes', async () => {
    const root = scratch('disk');
    await tree(root, plain);
    await writeMedia(root, 'closed.jpg', 'four', { mode: 0o600 });
    const all = await walked(walkOf(root));
    expect(keysOf(all)).toEqual(byBytes([...plain, 'closed.jpg']));
    expect(all.files.find(({ key }) => key === 'closed.jpg')).toEqual({
      key: 'closed.jpg',
      size: 4,
      mtimeUs: Math.floor(longAgo * 1e6),
      mode: 0o600,
    });
    expect(all.findings).toEqual([]);
  });

  test('goes on after any point, and tells the rest and nothing else', async () => {
    const root = scratch('disk');
    await tree(root, plain);
    await mkdir(join(root, 'empty', 'below'), { recursive: true });
    const sorted = byBytes(plain);
    for (const [index, key] of sorted.entries())
      expect(keysOf(await walked(walkOf(root), Buffer.from(key).toString('latin1')))).toEqual(sorted.slice(index + 1));
    // What lies below was told · it stood in a directory that is gone since.
    expect(keysOf(await walked(walkOf(root), 'b/c/'))).toEqual(sorted.slice(sorted.indexOf('b0')));
    expect(keysOf(await walked(walkOf(root), 'b/bb/x/y'))).toEqual(sorted.slice(sorted.indexOf('b/c.d')));
    expect(keysOf(await walked(walkOf(root), 'empty/below/'))).toEqual(sorted.slice(sorted.indexOf(plain[8]!)));
  });

  test('names that are no keys are findings, each in one line of print', async () => {
    const root = scratch('disk');
    const [long, other] = ['n'.repeat(255), 'o'.repeat(255)];
    const longest = [other, other, other, other].join('/');
    await tree(root, ['good.jpg', `${long}/${long}`, '.hidden', 'a/.git/config', '_upstairs/identity', 'a%41.jpg']);
    await tree(root, ['new\nline', 'back\\slash', 'rtl\u202Egpj.exe', `${longest}/x`]);
    writeBytes(root, Buffer.from([0x6c, 0xe4, 0x6e, 0x67]));
    mkdirSync(Buffer.concat([Buffer.from(`${root}/dir`), Buffer.from([0xff])]));
    writeBytes(root, Buffer.concat([Buffer.from('dir'), Buffer.from([0xff]), Buffer.from('/x')]));
    const all = await walked(walkOf(root));
    expect(keysOf(all)).toContain('good.jpg');
    expect(keysOf(all)).toContain(`${long}/${long}`);
    expect(keysOf(all)).toContain('rtl\u202Egpj.exe');
    expect(keysOf(all)).toHaveLength(3);
    expect(all.unknown).toEqual([]);
    expect(all.findings.map(({ kind, path, detail }) => `${kind} ${path} ${detail}`).sort()).toEqual([
      'odd-name .hidden dot-file',
      'odd-name _upstairs reserved',
      'odd-name a%41.jpg double-encoded',
      'odd-name a/.git dot-file',
      String.raw`odd-name back\x5cslash bad-character`,
      String.raw`odd-name dir\xff bad-utf8`,
      String.raw`odd-name l\xe4ng bad-utf8`,
      String.raw`odd-name new\x0aline bad-character`,
      `odd-name ${longest}/x too-long`,
    ]);
  });

  test('what is no file is a finding, and no symlink leads anywhere', async () => {
    const root = scratch('d');
    const tree = await makeHostileTree(root, scratch('o'));
    try {
      const all = await walked(walkOf(root));
      expect(keysOf(all)).toEqual(['backups/dumps/x', 'dir/inside.jpg', 'imports/x', 'private-0600.jpg', 'real.jpg']);
      const of = (kind: string) => all.findings.filter((one) => one.kind === kind).map(({ path }) => path);
      const links = ['link-dangling.jpg', 'link-in.jpg', 'link-loop.jpg', 'link-out.jpg', 'linkdir', 'linkdir-in'];
      expect(of('symlink').sort()).toEqual(links);
      expect(of('not-a-file').sort()).toEqual(['fifo.jpg', 'sock.jpg']);
      expect(of('odd-name').sort()).toEqual(['.secret', '_upstairs', 'a/.git']);
      expect(all.findings).toHaveLength(11);
    } finally {
      await tree.cleanup();
    }
  });

  test('follows the symlinks it is told of, and goes on within them', async () => {
    const root = scratch('disk');
    const elsewhere = scratch('elsewhere');
    await tree(root, ['a', 'cache-not', 'z']);
    await tree(elsewhere, ['one', 'deep/two']);
    symlinkSync(elsewhere, join(root, 'cache'));
    symlinkSync(elsewhere, join(root, 'other'));
    const links = { cache: elsewhere };
    const all = await walked(walkOf(root, { links }));
    const expected = ['a', 'cache-not', 'cache/deep/two', 'cache/one', 'z'];
    expect(keysOf(all)).toEqual(expected);
    expect(all.findings).toEqual([{ kind: 'symlink', path: 'other', detail: undefined }]);
    for (const [index, key] of expected.entries())
      expect(keysOf(await walked(walkOf(root, { links }), key))).toEqual(expected.slice(index + 1));
  });

  test('a directory that took the place of its root is not believed', async () => {
    const root = join(scratch(), 'disk');
    await tree(root, ['a', 'b']);
    const walk = walkOf(root);
    await walk.intact();
    renameSync(root, `${root}-away`);
    await expect(walk.intact()).rejects.toMatchObject({ code: 'SOURCE_LOST' });
    mkdirSync(root);
    await expect(walk.intact()).rejects.toMatchObject({ code: 'SOURCE_LOST' });
  });

  test('a directory of very many names is walked whole, in order, a part of it at a time', async () => {
    const root = scratch('disk');
    mkdirSync(join(root, 'many'));
    const keys: string[] = [];
    for (let n = 0; n < 5000; n++) {
      const name = `many/${(n * 7919) % 5000} and some more that makes its directory a large one`;
      if (n % 100 === 0) mkdirSync(join(root, name));
      keys.push(n % 100 === 0 ? `${name}/x` : name);
      writeFileSync(join(root, keys[n]!), '');
    }
    expect(statSync(join(root, 'many')).size).toBeGreaterThan(65_536);
    expect(keysOf(await walked(walkOf(root, { heldNames: 300 })))).toEqual(byBytes(keys));
    const half = byBytes(keys).slice(2500);
    expect(keysOf(await walked(walkOf(root, { heldNames: 300 }), byBytes(keys)[2499]))).toEqual(half);
  });
});

describe.skipIf(needs('fuse').skip)('a walk of a disk that fails', () => {
  const keys = ['a/1', 'bad/1', 'bad/sub/2', 'c/1', 'c/2', 'z'];

  async function faulty() {
    const source = scratch('source');
    await tree(source, keys);
    return await mountFaultyDisk(source);
  }

  test('tells which directories and names it could not look at, and goes on', async () => {
    await using disk = await faulty();
    await disk.setRules([
      { match: 'bad', op: 'readdir', errno: 'EIO' },
      { match: 'bad', op: 'opendir', errno: 'EIO' },
      { match: 'a', op: 'getattr', errno: 'EACCES' },
      { match: 'a', op: 'lookup', errno: 'EACCES' },
      { match: 'c/1', op: 'lookup', errno: 'EIO' },
      { match: 'c/1', op: 'getattr', errno: 'EIO' },
    ]);
    const all = await walked(walkOf(disk.mountPoint));
    expect(keysOf(all)).toEqual(['c/2', 'z']);
    expect(all.findings).toEqual([
      { kind: 'unlistable', path: 'a', detail: 'EACCES' },
      { kind: 'unlistable', path: 'bad', detail: 'EIO' },
      { kind: 'unreadable', path: 'c/1', detail: 'EIO' },
    ]);
    expect(all.unknown).toEqual(['a', 'bad', 'c/1']);
  });

  test('does not cross into another file system', async () => {
    await using disk = await faulty();
    const above = dirname(disk.mountPoint);
    const all = await walked(walkOf(above));
    expect(all.findings).toEqual([{ kind: 'other-file-system', path: 'mnt', detail: undefined }]);
    // Where it is told to, it does.
    expect(keysOf(await walked(walkOf(above, { links: { mnt: disk.mountPoint } })))).toContain('mnt/bad/sub/2');
  });

  test('does not go round in a directory that lies within itself', async () => {
    const root = scratch('disk');
    await tree(root, ['a/b/c', 'z']);
    mkdirSync(join(root, 'a', 'b', 'loop'));
    execFileSync('mount', ['--bind', join(root, 'a'), join(root, 'a', 'b', 'loop')]);
    try {
      const all = await walked(walkOf(root));
      expect(keysOf(all)).toEqual(['a/b/c', 'z']);
      expect(all.findings).toEqual([{ kind: 'loop', path: 'a/b/loop', detail: undefined }]);
    } finally {
      execFileSync('umount', [join(root, 'a', 'b', 'loop')]);
    }
  });

  test('a directory that hangs is a finding after the deadline, settled once the disk is seen to be alive', async () => {
    await using disk = await faulty();
    await disk.setRules([{ match: 'bad', op: 'readdir', hang: true }]);
    const all = await walked(walkOf(disk.mountPoint, { deadlineMs: 500 }));
    expect(keysOf(all)).toEqual(['a/1', 'c/1', 'c/2', 'z']);
    expect(all.findings).toEqual([{ kind: 'unlistable', path: 'bad', detail: 'TIMEOUT' }]);
    expect(all.steps.at(-1)?.settled).toBe(false);
    await disk.setRules([]);
  });

  test('a disk that hangs altogether ends the walk with an error that says so', async () => {
    await using disk = await faulty();
    const walk = walkOf(disk.mountPoint, { deadlineMs: 300, maxOutstanding: 2 });
    await disk.setRules([{ hang: true }]);
    await expect(walked(walk)).rejects.toMatchObject({ code: expect.stringMatching(/SOURCE_(HUNG|ABSENT)/) });
    await disk.setRules([]);
  });
});

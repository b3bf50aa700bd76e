import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { appendFile, chmod, chown, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decimalSeconds } from '../../src/lib/decimal-seconds.ts';
import { type DiskOptions, DiskSource } from '../../src/sources/disk.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultyDisk, mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { writeMedia } from '../support/media-files.ts';
import { scratch } from '../support/scratch.ts';
import { never, objectOf, pattern, sourceContract } from './source.contract.ts';

const limits = { maxOutstanding: 8, maxLookups: 8, maxWaiting: 100, deadlineMs: 5000 };

function diskAt(root: string, change: Partial<DiskOptions> = {}): Promise<DiskSource> {
  return DiskSource.at({
    ...limits,
    name: 'basement',
    root,
    headersOf: () => ({ 'content-type': 'image/jpeg' }),
    ...change,
  });
}

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

async function bytesAndError(stream: Readable): Promise<{ bytes: Buffer; error: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { bytes: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
}

sourceContract('a disk', async () => {
  const root = scratch('disk');
  return {
    source: await diskAt(root),
    put: async (key, bytes) => void (await writeMedia(root, key, bytes)),
    held: () => descriptorsBelow(root),
    [Symbol.asyncDispose]: async () => undefined,
  };
});

describe('a file on a disk', () => {
  let root: string;
  let disk: DiskSource;
  const open = async (key: string) => objectOf(await disk.open(key, never));

  beforeAll(async () => {
    root = scratch('disk');
    disk = await diskAt(root);
  });

  test('keeps every digit of its mtime', async () => {
    const file = await writeMedia(root, 'old.jpg', 'x');
    execFileSync('touch', ['-d', '@1614834367.123456789', file]);
    const object = await open('old.jpg');
    expect(object.mtime).toBe('1614834367.123456789');
    expect(object.meta.mtimeMs).toBe(1_614_834_367_123);
    object.close();
  });

  test('of before 1970 keeps its mtime', async () => {
    const file = await writeMedia(root, 'ancient.jpg', 'x');
    execFileSync('touch', ['-d', '@-1.5', file]);
    const object = await open('ancient.jpg');
    expect(object.mtime).toBe('-1.5');
    object.close();
  });

  test.each([
    [0n, '0'],
    [1_000_000_000n, '1'],
    [1n, '0.000000001'],
    [1_614_834_367_120_000_000n, '1614834367.12'],
    [-1_500_000_000n, '-1.5'],
  ])('with an mtime of %s ns says %s', (ns, text) => {
    expect(decimalSeconds(ns)).toBe(text);
  });

  test('brings the headers that its name asks for', async () => {
    await writeMedia(root, 'headers.jpg', 'x');
    const object = await open('headers.jpg');
    expect(object.meta.headers).toEqual({ 'content-type': 'image/jpeg' });
    expect(object.meta.etag).toBeUndefined();
    object.close();
  });

  test.each([
    [0o600, true],
    [0o640, false],
    [0o604, false],
    [0o644, false],
    [0o611, true],
    [0o700, true],
  ])('with mode %o is private: %s', async (mode, isPrivate) => {
    await writeMedia(root, `mode-${mode}.jpg`, 'x', { mode });
    const object = await open(`mode-${mode}.jpg`);
    expect(object.private).toBe(isPrivate);
    object.close();
  });

  test('that is replaced by rename goes on as what it was', async () => {
    const file = await writeMedia(root, 'replaced.jpg', pattern(600_000));
    const object = await open('replaced.jpg');
    const stream = object.read();
    await writeFile(`${file}.new`, 'something else');
    await rename(`${file}.new`, file);
    expect(pattern(600_000).equals(await buffer(stream))).toBe(true);
    expect(await object.unchanged()).toBe(true);
    object.close();
  });

  test('that is deleted while it is read goes on as what it was', async () => {
    const file = await writeMedia(root, 'deleted.jpg', pattern(600_000));
    const object = await open('deleted.jpg');
    await rm(file);
    expect(pattern(600_000).equals(await buffer(object.read()))).toBe(true);
    expect(await object.unchanged()).toBe(true);
    object.close();
  });

  test('that is replaced by rename again and again is never missing', async () => {
    await writeMedia(root, 'busy.jpg', 'x');
    const worker = new Worker(
      `const { writeFileSync, renameSync } = require('node:fs');
       const file = require('node:worker_threads').workerData;
       for (const end = Date.now() + 5000; Date.now() < end;) {
         writeFileSync(file + '.new', 'y');
         renameSync(file + '.new', file);
       }`,
      { eval: true, workerData: join(root, 'busy.jpg') },
    );
    try {
      const kinds = new Set<string>();
      for (const end = Date.now() + 400; Date.now() < end; ) {
        const answer = await disk.open('busy.jpg', never);
        kinds.add(answer.kind);
        if (answer.kind === 'found') answer.object.close();
      }
      expect([...kinds]).toEqual(['found']);
    } finally {
      await worker.terminate();
    }
  });

  test('that is cut short while it is read breaks the read instead of ending it', async () => {
    const file = await writeMedia(root, 'cut.jpg', pattern(3_000_000));
    const object = await open('cut.jpg');
    const stream = object.read();
    await new Promise((resolve) => stream.once('readable', resolve));
    await truncate(file, 300_000);
    const { bytes, error } = await bytesAndError(stream);
    expect(error).toMatchObject({ name: 'SourceReadError', code: 'CHANGED' });
    expect(bytes.equals(pattern(3_000_000).subarray(0, bytes.length))).toBe(true);
    object.close();
  });

  test('that is emptied before the first read breaks the read', async () => {
    const file = await writeMedia(root, 'emptied.jpg', 'all of it');
    const object = await open('emptied.jpg');
    await truncate(file, 0);
    expect((await bytesAndError(object.read())).error).toMatchObject({ code: 'CHANGED' });
    object.close();
  });

  test('that grows while it is read gives the bytes that were announced, and tells', async () => {
    const file = await writeMedia(root, 'growing.jpg', pattern(1000));
    const object = await open('growing.jpg');
    await appendFile(file, 'more');
    expect((await buffer(object.read())).length).toBe(1000);
    expect(await object.unchanged()).toBe(false);
    object.close();
  });

  test('that is written over in place with as many bytes is noticed', async () => {
    const file = await writeMedia(root, 'over.jpg', 'aaaa');
    const object = await open('over.jpg');
    await writeFile(file, 'bbbb');
    expect(await object.unchanged()).toBe(false);
    object.close();
  });

  test('that only gets another mode or link count is not taken for changed', async () => {
    const file = await writeMedia(root, 'chmod.jpg', 'aaaa');
    const object = await open('chmod.jpg');
    await chmod(file, 0o600);
    expect(await object.unchanged()).toBe(true);
    object.close();
  });

  test('that got another mtime is noticed', async () => {
    const file = await writeMedia(root, 'touched.jpg', 'aaaa');
    const object = await open('touched.jpg');
    await utimes(file, 1, 1);
    expect(await object.unchanged()).toBe(false);
    object.close();
  });

  test('with odd characters in its name is found under exactly that name', async () => {
    const odd = ["sp ace+%41'(é).jpg", 'x (deleted)', 'new\nline', '\u{1f600}.png', 'back\\slash'];
    for (const key of odd) {
      await writeMedia(root, key, key);
      const object = await open(key);
      expect((await buffer(object.read())).toString()).toBe(key);
      object.close();
    }
  });
});

describe('what is no file on a disk is missing', () => {
  let root: string;
  let disk: DiskSource;

  beforeAll(async () => {
    root = scratch('disk');
    disk = await diskAt(root);
    await writeMedia(root, 'real/original/a.jpg', 'a');
    await writeMedia(scratch('outside'), 'secret', 'secret');
  });

  const missing = async (key: string) => {
    expect(await disk.open(key, never)).toEqual({ kind: 'missing' });
    expect(descriptorsBelow(root)).toBe(0);
  };

  test('a directory', () => missing('real/original'));

  test('a FIFO that nobody writes to', async () => {
    execFileSync('mkfifo', [join(root, 'fifo.jpg')]);
    const answer = await disk.open('fifo.jpg', never);
    expect(answer).toEqual({ kind: 'missing' });
    await eventually(() => descriptorsBelow(root) === 0);
  });

  test('a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'sock.jpg'), resolve));
    await missing('sock.jpg');
    server.close();
  });

  test('a symlink as the last part, even to a file beside it', async () => {
    await symlink('original/a.jpg', join(root, 'real/link.jpg'));
    await missing('real/link.jpg');
  });

  test('a name behind a symlinked directory inside the root', async () => {
    await symlink('real', join(root, 'alias'));
    await disk.open('alias/original/a.jpg', never).then((answer) => expect(answer).toEqual({ kind: 'missing' }));
    await eventually(() => descriptorsBelow(root) === 0);
  });

  test('a name behind a symlink that leads out of the root', async () => {
    const outside = scratch('outside');
    await writeFile(join(outside, 'passwd'), 'x');
    await symlink(outside, join(root, 'out'));
    expect(await disk.open('out/passwd', never)).toEqual({ kind: 'missing' });
    await eventually(() => descriptorsBelow(outside) === 0);
  });

  test('a symlink to itself', async () => {
    await symlink('loop', join(root, 'loop'));
    await missing('loop/a.jpg');
    await missing('loop');
  });

  test('a name that is longer than names can be', () => missing(`real/${'n'.repeat(300)}.jpg`));

  test('a path that is longer than paths can be', () => missing('d/'.repeat(3000)));

  test('a device', async () => {
    await missing('real/../../../../../dev/null');
  });

  test.each([
    'real/original/../original/a.jpg',
    'real//original/a.jpg',
    './real/original/a.jpg',
    'real/original/a.jpg/',
  ])('another spelling of a file that is there: %s', async (key) => {
    const answer = await disk.open(key, never);
    if (answer.kind === 'found') answer.object.close();
    expect(answer.kind).toBe('missing');
  });
});

test('a key that climbs out of the root opens nothing', async () => {
  const parent = scratch('parent');
  await writeMedia(parent, 'secret.txt', 'secret');
  await mkdir(join(parent, 'root'));
  const answer = await (await diskAt(join(parent, 'root'))).open('../secret.txt', never);
  if (answer.kind === 'found') answer.object.close();
  expect(answer.kind).toBe('missing');
});

describe('a disk that is not there', () => {
  let root: string;
  let disk: DiskSource;
  const fresh = async () => {
    root = join(scratch('mount'), 'disk');
    await mkdir(root);
    await writeMedia(root, 'a.jpg', 'a');
    disk = await diskAt(root);
  };
  /** What an unmounted disk leaves behind: its empty mount point. */
  const unmount = async () => {
    await rename(root, `${root}-away`);
    await mkdir(root);
  };
  const notMounted = { kind: 'unavailable', trouble: 'not-mounted' };

  test('is unavailable, and its files are not missing', async () => {
    await fresh();
    await unmount();
    expect(await disk.open('a.jpg', never)).toMatchObject(notMounted);
  });

  test('is unavailable also when it went away right after a real absence', async () => {
    await fresh();
    expect(await disk.open('none.jpg', never)).toEqual({ kind: 'missing' });
    await unmount();
    expect(await disk.open('a.jpg', never)).toMatchObject(notMounted);
  });

  test('is unavailable when even its mount point is gone', async () => {
    await fresh();
    await rm(root, { recursive: true });
    expect(await disk.open('a.jpg', never)).toMatchObject(notMounted);
  });

  test('serves again once it is back', async () => {
    await fresh();
    await unmount();
    expect(await disk.open('a.jpg', never)).toMatchObject(notMounted);
    await rm(root, { recursive: true });
    await rename(`${root}-away`, root);
    const object = objectOf(await disk.open('a.jpg', never));
    expect((await buffer(object.read())).toString()).toBe('a');
    object.close();
  });

  test('cannot be made a source of', async () => {
    await expect(diskAt(join(scratch(), 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

// Root may read everything: as root these need a moment under another name.
describe.skipIf(process.getuid?.() !== 0)('files that Upstairs may not read', () => {
  let root: string;
  let disk: DiskSource;
  const nobody = 65_534;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'upstairs-denied-'));
    await chmod(root, 0o755);
    await writeMedia(root, 'closed.jpg', 'x', { mode: 0o600 });
    await chown(await writeMedia(root, 'group.jpg', 'x', { mode: 0o640 }), 1, 1);
    await writeMedia(root, 'locked/a.jpg', 'x');
    await chmod(join(root, 'locked'), 0o700);
    disk = await diskAt(root);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const asNobody = async (key: string) => {
    process.seteuid?.(nobody);
    try {
      return await disk.open(key, never);
    } finally {
      process.seteuid?.(0);
    }
  };

  test('are private when they are closed to group and others', async () => {
    expect(await asNobody('closed.jpg')).toEqual({ kind: 'private' });
  });

  test('are no absence when only Upstairs is left out: the set-up is wrong', async () => {
    expect(await asNobody('group.jpg')).toMatchObject({ kind: 'unavailable', trouble: 'denied' });
  });

  test('are no absence behind a directory that may not be searched', async () => {
    expect(await asNobody('locked/a.jpg')).toMatchObject({ kind: 'unavailable', trouble: 'denied' });
    expect(await asNobody('locked/none.jpg')).toMatchObject({ kind: 'unavailable', trouble: 'denied' });
  });
});

describe.skipIf(needs('fuse').skip)('a failing disk', () => {
  const names = ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'];
  const bytes = pattern(900_000);
  let failing: FaultyDisk;
  let disk: DiskSource;
  const hungLimits = { maxOutstanding: 2, maxLookups: 2, maxWaiting: 100, deadlineMs: 300 };
  const nothingIsHeld = () => eventually(() => descriptorsBelow(failing.mountPoint) === 0);

  beforeAll(async () => {
    const behind = scratch('behind');
    for (const name of names) await writeMedia(behind, name, bytes);
    failing = await mountFaultyDisk(behind, { directIo: true });
  });
  afterAll(() => failing?.unmount());

  const withRules = async (rules: Parameters<FaultyDisk['setRules']>[0], limits: Partial<DiskOptions> = {}) => {
    await failing.setRules([]);
    disk = await diskAt(failing.mountPoint, limits);
    await failing.setRules(rules);
  };

  test.each(['lookup', 'open', 'getattr'])('whose %s fails with EIO says "damaged"', async (op) => {
    await withRules([{ match: 'a.jpg', op, errno: 'EIO' }]);
    expect(await disk.open('a.jpg', never)).toMatchObject({ kind: 'damaged' });
    objectOf(await disk.open('b.jpg', never)).close();
    await nothingIsHeld();
  });

  test('that cannot say whether there is a name in other case gives the file all the same', async () => {
    await withRules([{ match: 'A.JPG', op: 'lookup', errno: 'EIO' }]);
    objectOf(await disk.open('a.jpg', never)).close();
    await nothingIsHeld();
  });

  test('whose look-up fails with another error is unavailable', async () => {
    await withRules([{ match: 'a.jpg', op: 'open', errno: 'ESTALE' }]);
    expect(await disk.open('a.jpg', never)).toMatchObject({ kind: 'unavailable', trouble: 'io' });
  });

  test('with a bad sector breaks the read there, after every byte before it', async () => {
    await withRules([{ match: 'a.jpg', op: 'read', after_bytes: 300_000 }]);
    const object = objectOf(await disk.open('a.jpg', never));
    const read = await bytesAndError(object.read());
    object.close();
    const detail = `EIO at byte 300000 of ${bytes.length}`;
    expect(read.error).toMatchObject({ name: 'SourceReadError', code: 'EIO', detail });
    expect(read.bytes.length).toBe(300_000);
    expect(bytes.subarray(0, 300_000).equals(read.bytes)).toBe(true);
    await nothingIsHeld();
  });

  test('with a bad sector still serves the range before it', async () => {
    await withRules([{ match: 'a.jpg', op: 'read', after_bytes: 300_000 }]);
    const object = objectOf(await disk.open('a.jpg', never));
    expect((await buffer(object.read({ first: 0, last: 299_999 }))).length).toBe(300_000);
    object.close();
  });

  test('that gives fewer bytes than were asked for is asked again', async () => {
    await withRules([{ match: 'a.jpg', op: 'read', short_read: 70_001 }]);
    const object = objectOf(await disk.open('a.jpg', never));
    expect(bytes.equals(await buffer(object.read()))).toBe(true);
    object.close();
  });

  test('that hangs at opening is unavailable within its deadline', async () => {
    await withRules([{ match: 'a.jpg', op: 'open', hang: true }], hungLimits);
    const began = performance.now();
    expect(await disk.open('a.jpg', never)).toMatchObject({ kind: 'unavailable', trouble: 'timeout' });
    expect(performance.now() - began).toBeGreaterThanOrEqual(295);
    expect(performance.now() - began).toBeLessThan(1500);
    await failing.setRules([]);
  });

  test('that hangs for some names serves the others until every place is taken, and is then busy at once', async () => {
    await withRules([{ match: '[ab].jpg', op: 'open', hang: true }], { ...hungLimits, deadlineMs: 1000 });
    await disk.open('a.jpg', never);
    objectOf(await disk.open('c.jpg', never)).close();
    expect(disk.hung).toBe(false);
    await disk.open('b.jpg', never);
    expect(disk.hung).toBe(true);

    const began = performance.now();
    expect(await disk.open('c.jpg', never)).toMatchObject({ kind: 'unavailable', trouble: 'busy' });
    expect(performance.now() - began).toBeLessThan(900);

    await failing.setRules([]);
    await eventually(() => disk.load.stuck === 0 && disk.load.outstanding === 0);
    for (const name of names) objectOf(await disk.open(name, never)).close();
    await nothingIsHeld(); // the late answers' descriptors as well
  });

  test('that hangs in the middle of a file breaks the read, and frees its descriptor once it answers', async () => {
    await withRules([{ match: 'a.jpg', op: 'read', after_bytes: 262_144, hang: true }], hungLimits);
    const object = objectOf(await disk.open('a.jpg', never));
    const read = await bytesAndError(object.read());
    object.close();
    expect(read.error).toMatchObject({ name: 'SourceReadError', code: 'TIMEOUT' });
    expect(read.bytes.length).toBe(262_144);
    await failing.setRules([]);
    await nothingIsHeld();
  });

  test('that hangs in the middle of files keeps one place a read, and serves the rest of itself', async () => {
    const limits = { maxOutstanding: 4, maxLookups: 2, maxWaiting: 100, deadlineMs: 300 };
    await withRules([{ match: '[ab].jpg', op: 'read', hang: true }], limits);
    for (const name of ['a.jpg', 'b.jpg']) {
      const object = objectOf(await disk.open(name, never));
      expect((await bytesAndError(object.read())).error).toMatchObject({ code: 'TIMEOUT' });
      object.close();
    }
    expect(disk.load).toEqual({ outstanding: 2, stuck: 2 });
    const whole = objectOf(await disk.open('c.jpg', never));
    expect(bytes.equals(await buffer(whole.read()))).toBe(true);
    whole.close();
    await failing.setRules([]);
    await nothingIsHeld();
  });

  test('whose root hangs proves no absence', async () => {
    await withRules([{ match: '.', op: 'getattr', hang: true }], hungLimits);
    const answer = await disk.open('none.jpg', never);
    await failing.setRules([]);
    expect(answer.kind).toBe('unavailable');
  });

  test('that is dead at its root is unavailable', async () => {
    await withRules([{ errno: 'EIO' }]);
    expect((await disk.open('none.jpg', never)).kind).not.toBe('missing');
    await failing.setRules([]);
  });
});

describe.skipIf(needs('fuse').skip)('a disk whose file system takes A for a', () => {
  const key = 'media/Original/ab12.jpg';
  const others = [
    'media/Original/AB12.jpg',
    'media/Original/ab12.JPG',
    'MEDIA/Original/ab12.jpg',
    'media/original/ab12.jpg',
  ];
  let mounted: FaultyDisk;
  beforeAll(async () => {
    const behind = scratch('behind');
    await writeMedia(behind, key, pattern(1000));
    mounted = await mountFaultyDisk(behind, { ignoreCase: true });
  });
  afterAll(() => mounted?.unmount());

  test.each([
    ['first', [...others, key, ...others]],
    ['after the right one', [key, ...others, key]],
  ])('has a file under the name that is listed alone, whatever is asked %s', async (_when, asked) => {
    const disk = await diskAt(mounted.mountPoint);
    for (const name of asked) {
      const answer = await disk.open(name, never);
      expect(answer.kind, name).toBe(name === key ? 'found' : 'missing');
      if (answer.kind === 'found') answer.object.close();
    }
    await eventually(() => descriptorsBelow(mounted.mountPoint) === 0);
  });

  test('is asked once, and then once for each directory', async () => {
    const disk = await diskAt(mounted.mountPoint);
    objectOf(await disk.open(key, never)).close();
    const { ops: before } = await mounted.stats();
    objectOf(await disk.open(key, never)).close();
    const { ops: after } = await mounted.stats();
    // The last directory's names are read each time: a key's own name is not remembered.
    expect((after.opendir ?? 0) - (before.opendir ?? 0)).toBe(1);
  });
});

describe.skipIf(needs('fuse').skip)('a disk that is unmounted', () => {
  test('in the middle of a read breaks the read, and is unavailable afterwards', async () => {
    const behind = scratch('behind');
    await writeMedia(behind, 'a.jpg', pattern(2_000_000));
    const failing = await mountFaultyDisk(behind, { directIo: true });
    const disk = await diskAt(failing.mountPoint);
    const object = objectOf(await disk.open('a.jpg', never));
    const stream = object.read();
    await new Promise((resolve) => stream.once('readable', resolve));
    await failing.unmount();
    expect((await bytesAndError(stream)).error).toMatchObject({ name: 'SourceReadError', code: 'EIO' });
    object.close();
    await mkdir(dirname(failing.mountPoint), { recursive: true });
    expect((await disk.open('a.jpg', never)).kind).toBe('unavailable');
    await rm(dirname(failing.mountPoint), { recursive: true });
  });
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Scan } from '../../src/backfill/scan.ts';
import { SqliteFiles } from '../../src/ledger/sqlite-files.ts';
import { SqliteScanWriter } from '../../src/ledger/sqlite-scan-writer.ts';
import { Manifest } from '../../src/sources/manifest.ts';
import { manifestCommand, type SourceListing } from '../../src/sources/source-listing.ts';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { basement, mastodonKey } from '../support/media-files.ts';
import { scratch } from '../support/scratch.ts';
import { walkOf } from '../support/walked.ts';

/** A state directory's table of files, and scans into it. */
class Table {
  readonly #file = join(scratch('state'), 'files.db');

  async scan(listing: SourceListing, { signal = new AbortController().signal, fresh = false } = {}) {
    const files = new SqliteFiles(this.#file);
    const hadFiles = (await files.totals()).find(({ source }) => source === 'basement')?.files ?? 0;
    await files.close();
    const writer = new SqliteScanWriter(this.#file);
    let nowMs = 0;
    // So that every step has a batch of its own.
    const now = () => (nowMs += 2000);
    try {
      const scan = new Scan({ writer, source: 'basement', listing, fresh, hadFiles, now, progress: () => undefined });
      return await scan.run(signal);
    } finally {
      await writer.close();
    }
  }

  async keys(): Promise<string[]> {
    const files = new SqliteFiles(this.#file);
    try {
      return (await files.page(undefined, 100_000)).map(({ key }) => key);
    } finally {
      await files.close();
    }
  }

  async findings() {
    const files = new SqliteFiles(this.#file);
    try {
      return (await files.findings(0, 1000)).map(({ kind, path, detail }) => [kind, path, detail]);
    } finally {
      await files.close();
    }
  }
}

async function media(root: string, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, n) => mastodonKey(n, 'jpg'));
  await basement(root, Object.fromEntries(keys.map((key) => [key, 'x'])));
  return keys.toSorted();
}

/** The listing, with something done after so many steps. */
function interrupted(listing: SourceListing, after: number, happen: () => void): SourceListing {
  return {
    by: listing.by,
    fingerprint: listing.fingerprint,
    intact: () => listing.intact(),
    async *steps(cursor, signal) {
      let steps = 0;
      for await (const step of listing.steps(cursor, signal)) {
        yield step;
        if (++steps === after) happen();
      }
    },
  };
}

function manifestOf(bytes: Buffer | string, pieces = 1000): Manifest {
  const buffer = Buffer.from(bytes);
  return new Manifest(
    (async function* () {
      for (let at = 0; at < buffer.length; at += pieces) yield buffer.subarray(at, at + pieces);
    })(),
  );
}

function told(root: string): Buffer {
  return execFileSync('sh', ['-c', manifestCommand], { cwd: root });
}

describe('a scan of a disk', () => {
  test('broken off at every step it goes on, and ends with the same table', async () => {
    const root = scratch('disk');
    const keys = await media(root, 300);
    for (const after of [1, 2, 3]) {
      const table = new Table();
      let whole = false;
      for (let runs = 0; !whole && runs < 20; runs++) {
        const stop = new AbortController();
        const listing = interrupted(walkOf(root), after, () => stop.abort(new Error('broken off')));
        whole = await table.scan(listing, { signal: stop.signal }).then(
          ({ files, added }) => files === 300 && added === 300,
          ({ message }) => message !== 'broken off',
        );
      }
      expect(whole).toBe(true);
      expect(await table.keys()).toEqual(keys);
    }
  });

  test('a disk that is unmounted meanwhile has lost nothing, and is scanned on when it is back', async () => {
    const root = join(scratch(), 'disk');
    const keys = await media(root, 600);
    const table = new Table();
    await table.scan(walkOf(root));
    const unmount = () => {
      renameSync(root, `${root}-away`);
      mkdirSync(root);
    };
    await expect(table.scan(interrupted(walkOf(root), 1, unmount))).rejects.toMatchObject({ code: 'SOURCE_LOST' });
    expect(await table.keys()).toEqual(keys);
    rmSync(root, { recursive: true });
    renameSync(`${root}-away`, root);
    expect(await table.scan(walkOf(root))).toMatchObject({ files: 600, vanished: 0 });
  });

  test('another disk in its place between two halves is scanned from its beginning', async () => {
    const root = join(scratch(), 'disk');
    const keys = await media(root, 600);
    const table = new Table();
    const stop = new AbortController();
    const half = interrupted(walkOf(root), 2, () => stop.abort(new Error('broken off')));
    await expect(table.scan(half, { signal: stop.signal })).rejects.toThrow('broken off');
    renameSync(root, `${root}-away`);
    const others = ['accounts/avatars/000/000/001/original/only-here.jpg', ...keys];
    await basement(root, Object.fromEntries(others.map((key) => [key, 'y'])));
    await table.scan(walkOf(root));
    expect(await table.keys()).toEqual(others);
  });

  test('another disk in its place takes out nothing that it does not have, unless that is said', async () => {
    const root = join(scratch(), 'disk');
    const keys = await media(root, 200);
    const table = new Table();
    await table.scan(walkOf(root));
    renameSync(root, `${root}-away`);
    await basement(root, Object.fromEntries([...keys.slice(20), 'z.jpg'].map((key) => [key, 'x'])));
    await expect(table.scan(walkOf(root))).rejects.toMatchObject({ code: 'SOURCE_LOST' });
    expect(await table.keys()).toEqual([...keys, 'z.jpg']);
    expect(await table.scan(walkOf(root), { fresh: true })).toMatchObject({ files: 181, vanished: 20 });
    rmSync(join(root, 'z.jpg'));
    expect(await table.scan(walkOf(root))).toMatchObject({ files: 180, vanished: 1 });
  });

  test('a disk with nothing where there was something is believed only when that is said', async () => {
    const root = scratch('disk');
    await media(root, 10);
    const table = new Table();
    await table.scan(walkOf(root));
    rmSync(join(root, 'media_attachments'), { recursive: true });
    mkdirSync(join(root, 'lost+found'));
    await expect(table.scan(walkOf(root))).rejects.toThrow(/no file was found where the source basement had 10/);
    expect(await table.keys()).toHaveLength(10);
    expect(await table.scan(walkOf(root), { fresh: true })).toMatchObject({ files: 0, vanished: 10 });
  });

  test('a disk with a stray file where there were many is believed only when that is said', async () => {
    const root = scratch('disk');
    await media(root, 300);
    const table = new Table();
    await table.scan(walkOf(root));
    rmSync(join(root, 'media_attachments'), { recursive: true });
    await basement(root, { 'cache/stray.jpg': 'x' });
    await expect(table.scan(walkOf(root))).rejects.toThrow(/only 1 files were found where the source basement had 300/);
    expect((await table.keys()).length).toBeGreaterThanOrEqual(300);
    expect(await table.scan(walkOf(root), { fresh: true })).toMatchObject({ files: 1, vanished: 300 });
  });

  describe.skipIf(needs('fuse').skip)('that fails', () => {
    test('what lies in a directory that cannot be listed any more stays on record', async () => {
      const root = scratch('source');
      const below = { 'cache/one': '1', 'cache/two/three': '3', 'cache-not': 'x', gone: 'x', kept: 'x' };
      await basement(root, below);
      await using disk = await mountFaultyDisk(root);
      const table = new Table();
      await table.scan(walkOf(disk.mountPoint));
      rmSync(join(root, 'gone'));
      await disk.setRules([
        { match: 'cache', op: 'readdir', errno: 'EIO' },
        { match: 'cache', op: 'opendir', errno: 'EIO' },
      ]);
      expect(await table.scan(walkOf(disk.mountPoint))).toMatchObject({ files: 4, vanished: 1, findings: 1 });
      expect(await table.keys()).toEqual(['cache-not', 'cache/one', 'cache/two/three', 'kept']);
      expect(await table.findings()).toEqual([['unlistable', 'cache', 'EIO']]);
    });

    test('a disk that begins to hang leaves the scan where it stood, and the next one ends it without a finding', async () => {
      const root = scratch('source');
      const keys = await media(root, 300);
      await using disk = await mountFaultyDisk(root);
      const table = new Table();
      const limits = { deadlineMs: 700, maxOutstanding: 2 };
      let hung: Promise<void> | undefined;
      const listing = interrupted(walkOf(disk.mountPoint, limits), 1, () => {
        hung = disk.setRules([{ hang: true }]);
      });
      await expect(table.scan(listing)).rejects.toMatchObject({ code: 'SOURCE_HUNG' });
      await hung;
      expect((await table.keys()).length).toBeLessThan(300);
      await disk.setRules([]);
      expect(await table.scan(walkOf(disk.mountPoint))).toMatchObject({ files: 300, findings: 0 });
      expect(await table.keys()).toEqual(keys);
    });
  });
});

describe('a scan by manifest', () => {
  test('records what find told, wherever its bytes are cut', async () => {
    const root = scratch('disk');
    await media(root, 30);
    await basement(root, { 'ä\u{1F600}.png': 'fine', 'a b': 'blank', 'new\nline': 'odd', '.hidden': 'odd' });
    const byWalk = new Table();
    await byWalk.scan(walkOf(root));
    for (const pieces of [1, 7, 1000]) {
      const table = new Table();
      expect(await table.scan(manifestOf(told(root), pieces))).toMatchObject({ files: 32, findings: 2, added: 32 });
      expect(await table.keys()).toEqual(await byWalk.keys());
      expect(await table.findings()).toEqual(await byWalk.findings());
    }
  });

  test('tells what lies behind no file of its own, as a walk does', async () => {
    const [root, elsewhere] = [scratch('disk'), scratch('elsewhere')];
    await media(root, 3);
    await basement(elsewhere, { 'cold.jpg': 'x' });
    symlinkSync(elsewhere, join(root, 'cache'));
    symlinkSync(join(elsewhere, 'cold.jpg'), join(root, 'linked.jpg'));
    execFileSync('mkfifo', [join(root, 'fifo.jpg')]);
    const [byWalk, byManifest] = [new Table(), new Table()];
    await byWalk.scan(walkOf(root));
    await byManifest.scan(manifestOf(told(root)));
    expect(await byManifest.keys()).toEqual(await byWalk.keys());
    expect(await byManifest.findings()).toEqual(await byWalk.findings());
    expect(await byManifest.findings()).toHaveLength(3);
  });

  test('takes out what it does not have any more', async () => {
    const root = scratch('disk');
    await media(root, 10);
    const table = new Table();
    await table.scan(manifestOf(told(root)));
    rmSync(join(root, mastodonKey(3, 'jpg')));
    expect(await table.scan(manifestOf(told(root)))).toMatchObject({ files: 9, vanished: 1 });
  });

  test('one that is cut, empty or none at all takes nothing out, and says what is wrong', async () => {
    const root = scratch('disk');
    await media(root, 20);
    const table = new Table();
    const whole = told(root);
    await table.scan(manifestOf(whole));
    const wrong: [RegExp, Buffer | string][] = [
      [/ends within record 20: it was cut short/, whole.subarray(0, -1)],
      [/ends within record 1: it was cut short/, whole.subarray(0, 20)],
      [/it is empty/, ''],
      [/must end with NUL/, whole.toString().replaceAll('\0', '\n')],
      [/not one of its records is one/, 'PK\x03\x04\0nothing of the kind\0'],
      [/not one of its first 100 records/, 'x\0'.repeat(1000)],
      [/cut short/, Buffer.alloc(1e6, 'x')],
    ];
    for (const [why, bytes] of wrong) {
      await expect(table.scan(manifestOf(bytes, 65_536))).rejects.toThrow(why);
      await expect(table.scan(manifestOf(bytes, 65_536))).rejects.toThrow(manifestCommand);
      expect(await table.keys()).toHaveLength(20);
    }
  });

  test('records that cannot be read are findings with their number, and the others count', async () => {
    const table = new Table();
    const records = [
      '5 1614834367.1234567890 644 ./good',
      'nonsense',
      '5 x 644 ./a',
      'x'.repeat(5000),
      '1 -1.5 600 ./old',
      '',
    ];
    expect(await table.scan(manifestOf(`${records.join('\0')}\0`))).toMatchObject({ files: 2, findings: 4 });
    expect(await table.keys()).toEqual(['good', 'old']);
    expect(await table.findings()).toEqual([
      ['bad-line', 'record 2', 'nonsense'],
      ['bad-line', 'record 3', '5 x 644 ./a'],
      ['bad-line', 'record 4', 'too long'],
      ['bad-line', 'record 6', ''],
    ]);
  });
});

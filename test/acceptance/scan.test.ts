import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { baseConfig, type PlainConfig } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { basement, mastodonKey } from '../support/media-files.ts';
import { runScan } from '../support/run-scan.ts';
import { scratch } from '../support/scratch.ts';
import { startUpstairs } from '../support/upstairs.ts';

/** As the documents tell to run it. */
const find = String.raw`find . -type f -printf '%s %T@ %m %p\0'`;

interface Row {
  key: string;
  size: number;
  mtime_us: number;
  mode: number;
}

interface Place {
  root: string;
  stateDir: string;
  config: PlainConfig;
  /** What the state says of the files. */
  rows(): Row[];
}

/** A disk with some of Mastodon's files, and a bucket that nobody answers for: a scan asks none. */
async function place(count = 20, over: PlainConfig = {}): Promise<Place> {
  const root = scratch('disk');
  const stateDir = scratch('state');
  const media = Array.from({ length: count }, (_, n) => [mastodonKey(n, 'jpg'), `picture ${n}`]);
  await basement(root, Object.fromEntries(media));
  const config = baseConfig({ endpoint: 'http://127.0.0.1:9', bucket: 'media', root, stateDir, ...over });
  const rows = () => {
    const db = new DatabaseSync(join(stateDir, 'files.db'), { readOnly: true });
    try {
      const all = db.prepare('SELECT key, size, mtime_us, mode FROM files ORDER BY key').all() as unknown as Row[];
      return all.map((row) => ({ ...row }));
    } finally {
      db.close();
    }
  };
  return { root, stateDir, config, rows };
}

describe('upstairs scan', () => {
  test('records what a disk holds, then what is new, changed and gone, and ends with 0', async () => {
    const { root, config, rows } = await place();
    const first = await runScan(config);
    expect(first.stdout).toMatch(/^basement: 20 files, \d+ B; 20 new, 0 changed, 0 vanished/);
    expect(first.code).toBe(0);
    writeFileSync(join(root, 'new.png'), 'new');
    writeFileSync(join(root, mastodonKey(3, 'jpg')), 'changed');
    utimesSync(join(root, mastodonKey(4, 'jpg')), 1, 1);
    rmSync(join(root, mastodonKey(5, 'jpg')));
    const second = await runScan(config, ['--json']);
    expect(second.said).toMatchObject([{ whole: true, files: 20, added: 1, changed: 2, vanished: 1, findings: 0 }]);
    expect(second.code).toBe(0);
    const keys = rows().map(({ key }) => key);
    expect(keys).toContain('new.png');
    expect(keys).not.toContain(mastodonKey(5, 'jpg'));
  });

  test('tells by kind what it met that cannot move, and ends with 2', async () => {
    const { root, config } = await place(1);
    symlinkSync('nowhere', join(root, 'link'));
    for (const n of [1, 2, 3, 4, 5]) writeFileSync(join(root, `.hidden${n}`), '');
    const { code, stdout } = await runScan(config);
    expect(code).toBe(2);
    expect(stdout).toMatch(/odd-name: 5 names .*\n {4}\.hidden1 \(dot-file\)\n.*\n.*\n {4}and 2 more\n {2}symlink: 1 /);
  });

  test('reads what find tells of another machine, and gets the same table', async () => {
    const walked = await place(50);
    writeFileSync(join(walked.root, 'with a\nnewline'), 'odd');
    writeFileSync(join(walked.root, 'ünïcode.png'), 'fine');
    await runScan(walked.config);
    const sources = [{ type: 'http', name: 'afar', url: 'http://127.0.0.1:9/system/' }];
    const config = { ...walked.config, state: { dir: scratch('state') }, sources };
    const without = await runScan(config);
    expect(without.code).toBe(1);
    expect(without.stderr).toContain(find);
    const { stdout: input } = spawn('sh', ['-c', find], { cwd: walked.root, stdio: ['ignore', 'pipe', 'inherit'] });
    const said = await runScan(config, ['--manifest', '-', '--json'], { input });
    expect(said.said).toMatchObject([{ whole: true, files: 51, findings: 1, findingsByKind: [{ kind: 'odd-name' }] }]);
    expect(said.code).toBe(2);
    const state = config.state.dir;
    const db = new DatabaseSync(join(state, 'files.db'), { readOnly: true });
    const rows = db.prepare('SELECT key, size, mtime_us, mode FROM files ORDER BY key').all();
    db.close();
    expect(rows.map((row) => ({ ...row }))).toEqual(walked.rows());
  });

  test('a manifest that was cut, is empty or is none takes nothing out, and says what to run', async () => {
    const { root, stateDir, config, rows } = await place(30);
    await runScan(config);
    const before = rows();
    const whole = execFileSync('sh', ['-c', find], { cwd: root });
    const wrong: [string, Buffer | string][] = [
      ['cut short', whole.subarray(0, -10)],
      ['empty', ''],
      ['newlines', whole.toString().replaceAll('\0', '\n')],
      ['none|not one', 'PK\x03\x04\0nothing of the kind\0'],
    ];
    for (const [why, bytes] of wrong) {
      const file = join(stateDir, 'manifest');
      writeFileSync(file, bytes);
      const { code, stdout } = await runScan(config, ['--manifest', file]);
      expect(stdout).toMatch(new RegExp(why));
      expect(stdout).toContain(find);
      expect(code).toBe(1);
      expect(rows()).toEqual(before);
    }
  });

  test('a disk that is not mounted is refused, and nothing of it has vanished', async () => {
    const { root, config, rows } = await place(10);
    await runScan(config);
    renameSync(root, `${root}-away`);
    const absent = await runScan(config);
    expect(absent.stdout).toContain('does not exist');
    mkdirSync(root);
    const empty = await runScan(config);
    expect(empty.stdout).toContain('is empty: is the disk mounted?');
    mkdirSync(join(root, 'lost+found'));
    const other = await runScan(config);
    expect(other.stdout).toContain('no file was found where the source basement had 10');
    expect([absent.code, empty.code, other.code]).toEqual([1, 1, 1]);
    expect(rows()).toHaveLength(10);
    expect((await runScan(config, ['--fresh'])).code).toBe(0);
    expect(rows()).toHaveLength(0);
  });

  test('killed at any point it goes on, and ends with the table of one that was left alone', async () => {
    const { config, rows, stateDir } = await place(400);
    const alone = { ...config, state: { dir: scratch('state') } };
    await runScan(alone, ['--rate', '100000']);
    // So slow that it is killed on the way; the last one is left alone.
    for (const afterMs of [900, 1300, 1700]) {
      await runScan(config, ['--rate', '900'], {
        started: (child) => setTimeout(() => child.kill('SIGKILL'), afterMs),
      });
    }
    const last = await runScan(config, ['--json', '--rate', '100000']);
    expect(last.said).toMatchObject([{ whole: true, files: 400, added: 400, vanished: 0, findings: 0 }]);
    const db = new DatabaseSync(join(alone.state.dir, 'files.db'), { readOnly: true });
    const expected = db.prepare('SELECT key, size, mtime_us, mode FROM files ORDER BY key').all();
    db.close();
    expect(rows()).toEqual(expected.map((row) => ({ ...row })));
    expect(stateDir).not.toBe(alone.state.dir);
  });

  test('ended by a signal it says how far it came, goes on the next time, and begins anew where that is asked', async () => {
    const { config } = await place(400);
    const broken = await runScan(config, ['--json', '--rate', '500'], {
      started: (child) => setTimeout(() => child.kill('SIGINT'), 3500),
    });
    expect(broken.code).toBe(1);
    expect(broken.said).toMatchObject([{ whole: false, why: expect.stringContaining('run it again') }]);
    const [said] = (await runScan(config, ['--json'])).said;
    expect(said).toMatchObject({ whole: true, files: 400 });
    const [anew] = (await runScan(config, ['--json', '--fresh'])).said;
    expect(anew).toMatchObject({ whole: true, files: 400, added: 0 });
    expect(said!.entries).toBeLessThan(anew!.entries);
  });

  test('two never run at once', async () => {
    const { config } = await place(400);
    const first = runScan(config, ['--rate', '300'], {
      started: (child) => setTimeout(() => child.kill('SIGTERM'), 6000),
    });
    const second = await eventually(
      async () => {
        const run = await runScan(config, ['--source', 'basement']);
        return run.stderr.includes('another scan is under way') && run;
      },
      { withinMs: 20_000 },
    );
    expect(second.code).toBe(1);
    await first;
  });

  test('says what is wrong with what it was told', async () => {
    const { config } = await place(1);
    const unknown = await runScan(config, ['--source', 'attic']);
    expect(unknown.stderr).toContain('there is no source attic; there are: basement');
    const missing = await runScan(config, ['--manifest', '/nowhere/manifest']);
    expect(missing.stderr).toContain('the manifest cannot be read');
    expect([unknown.code, missing.code]).toEqual([1, 1]);
  });

  test.skipIf(needs('fuse').skip)(
    'a directory that cannot be listed is told, and what is known of it stays',
    async () => {
      const { root, config, rows } = await place(10);
      await basement(root, { 'cache/one': '1', 'cache/two/three': '3' });
      await using disk = await mountFaultyDisk(root);
      const sources = [{ type: 'disk', name: 'basement', root: disk.mountPoint, deadline: '1s' }];
      expect((await runScan({ ...config, sources })).code).toBe(0);
      rmSync(join(root, mastodonKey(0, 'jpg')));
      await disk.setRules([
        { match: 'cache', op: 'readdir', errno: 'EIO' },
        { match: 'cache', op: 'opendir', errno: 'EIO' },
      ]);
      const { code, said } = await runScan({ ...config, sources }, ['--json']);
      expect(said).toMatchObject([{ whole: true, files: 11, vanished: 1, findings: 1 }]);
      expect(said[0]?.findingsByKind).toEqual([
        { kind: 'unlistable', count: 1, examples: [{ path: 'cache', detail: 'EIO' }] },
      ]);
      expect(code).toBe(2);
      expect(rows()).toHaveLength(11);
    },
  );
});

describe('a scan within serve', () => {
  test('looks through the disks again and again while the backfill is enabled, in a process of its own', async () => {
    const { root, config } = await place(30, { backfill: { enabled: true, scanEvery: '1s' } });
    await using upstairs = await startUpstairs({ config });
    const counts = async (files: number) =>
      eventually(async () => (await upstairs.metric('upstairs_scan_files', { source: 'basement' })) === files, {
        withinMs: 30_000,
        everyMs: 200,
      });
    await counts(30);
    writeFileSync(join(root, 'new.png'), 'new');
    await counts(31);
    expect(await upstairs.metric('upstairs_scan_end_timestamp_seconds', { source: 'basement' })).toBeGreaterThan(1e9);
    expect(upstairs.logs.find(({ event, whole }) => event === 'scan' && whole)).toMatchObject({ files: 30, added: 30 });
    await upstairs.kill('SIGTERM');
    await sleep(0);
    expect((await upstairs.exited).code).toBe(0);
  });

  test('is not there while the backfill is not', async () => {
    const { config } = await place(1, { backfill: { scanEvery: '1s' } });
    await using upstairs = await startUpstairs({ config });
    await upstairs.metrics();
    expect(upstairs.logs.some(({ event }) => event === 'scan')).toBe(false);
  });
});

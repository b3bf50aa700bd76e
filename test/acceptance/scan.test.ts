import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { baseConfig, type PlainConfig } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { basement, mastodonKey } from '../support/media-files.ts';
import { runScan, scannerOf } from '../support/run-scan.ts';
import { scratch } from '../support/scratch.ts';
import { startUpstairs } from '../support/upstairs.ts';

/** As the documents tell to run it. */
const find = String.raw`find . ! -type d -printf '%s %T@ %y%m %p\0'`;

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

/** What is there, as anybody can see. */
function onDisk(root: string): Row[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((key) => ({ key, stats: lstatSync(join(root, key), { bigint: true }) }))
    .filter(({ stats }) => stats.isFile())
    .map(({ key, stats }) => ({
      key,
      size: Number(stats.size),
      mtime_us: Number(stats.mtimeNs / 1000n),
      mode: Number(stats.mode & 0o7777n),
    }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

/** Processes that a process has begun, and that have not ended. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** What one holds in memory, also where only a thread of it is left. */
function residentBytes(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'),
  );
  return Math.max(...threads.map((status) => Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024));
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
  test('records what a disk holds, then what is new, changed, gone, and cannot move', async () => {
    const { root, config, rows } = await place();
    const first = await runScan(config);
    expect(first.stdout).toMatch(/^basement: 20 files, \d+ B; 20 new, 0 changed, 0 vanished/);
    expect(first.code).toBe(0);
    writeFileSync(join(root, 'new.png'), 'new');
    writeFileSync(join(root, mastodonKey(3, 'jpg')), 'changed');
    utimesSync(join(root, mastodonKey(4, 'jpg')), 1, 1);
    rmSync(join(root, mastodonKey(5, 'jpg')));
    symlinkSync('nowhere', join(root, 'link'));
    for (const n of [1, 2, 3, 4, 5]) writeFileSync(join(root, `.hidden${n}`), '');
    const second = await runScan(config);
    expect(second.stdout).toMatch(/^basement: 20 files, \d+ B; 1 new, 2 changed, 1 vanished/);
    expect(second.stdout).toMatch(
      /odd-name: 5 names .*\n {4}\.hidden1 \(dot-file\)\n.*\n.*\n {4}and 2 more\n {2}symlink: 1 /,
    );
    expect(second.code).toBe(2);
    expect(rows()).toEqual(onDisk(root).filter(({ key }) => !/^\.hidden|^link$/.test(key)));
  });

  test('reads what find tells of another machine', async () => {
    const { root, config, rows } = await place(50);
    writeFileSync(join(root, 'with a\nnewline'), 'odd');
    writeFileSync(join(root, 'ünïcode.png'), 'fine');
    const sources = [{ type: 'http', name: 'afar', url: 'http://127.0.0.1:9/system/' }];
    const without = await runScan({ ...config, sources });
    expect(without.code).toBe(1);
    expect(without.stderr).toContain(find);
    const { stdout: input } = spawn('sh', ['-c', find], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const { code, said } = await runScan({ ...config, sources }, ['--manifest', '-', '--json'], { input });
    expect(said).toMatchObject([{ whole: true, files: 51, findings: 1, findingsByKind: [{ kind: 'odd-name' }] }]);
    expect(code).toBe(2);
    expect(rows()).toEqual(onDisk(root).filter(({ key }) => !key.includes('\n')));
  });

  test.skipIf(needs('fuse').skip)(
    'refuses a disk that hangs or is not mounted, and nothing of it has vanished',
    async () => {
      const { root, config, rows } = await place(10);
      await using disk = await mountFaultyDisk(root);
      const sources = [{ type: 'disk', name: 'basement', root: disk.mountPoint, deadline: '1s' }];
      const scanned = async () => (await runScan({ ...config, sources })).stdout;
      expect(await scanned()).toContain('basement: 10 files');
      await disk.setRules([{ hang: true }]);
      expect(await scanned()).toMatch(/not whole: .* does not answer/);
      await disk.setRules([]);
      execFileSync('fusermount3', ['-uz', disk.mountPoint]);
      expect(await scanned()).toContain('is empty: is the disk mounted?');
      expect(rows()).toHaveLength(10);
    },
  );

  test('killed on its way it goes on, and ends with the table of one that was left alone', async () => {
    const { root, config, rows } = await place(1000);
    for (const least of [100, 300])
      await runScan(config, ['--rate', '600'], {
        started: (child) =>
          eventually(() => rows().length >= least, { withinMs: 20_000 }).finally(() => {
            for (const pid of [scannerOf(child), child.pid]) process.kill(pid!, 'SIGKILL');
          }),
      });
    expect(rows().length).toBeLessThan(1000);
    const { said } = await runScan(config, ['--json']);
    expect(said).toMatchObject([{ whole: true, files: 1000, added: 1000, vanished: 0, findings: 0 }]);
    expect(rows()).toEqual(onDisk(root));
  });

  test('runs alone; ended by a signal it says how far it came, and goes on the next time', async () => {
    const { config, rows } = await place(1000);
    let child: ChildProcess | undefined;
    const first = runScan(config, ['--json', '--rate', '300'], {
      started: (begun) => {
        child = begun;
      },
    });
    await eventually(() => rows().length > 0, { withinMs: 20_000 });
    const second = await runScan(config);
    expect(second.stderr).toContain('another scan is under way');
    child?.kill('SIGINT');
    const broken = await first;
    expect([second.code, broken.code]).toEqual([1, 1]);
    expect(broken.said).toMatchObject([{ whole: false, why: expect.stringContaining('run it again') }]);
    const [said] = (await runScan(config, ['--json'])).said;
    expect(said).toMatchObject({ whole: true, files: 1000, added: 1000 });
    // Names of it were looked at before.
    expect(broken.said[0]!.entries).toBeGreaterThan(0);
    expect(said!.entries).toBeLessThan(3000);
  });
});

describe('a scan within serve', () => {
  test('looks through the disks again and again while the backfill is enabled, in a process of its own', async () => {
    const { root, config } = await place(30, { backfill: { enabled: true, scanEvery: '1s' } });
    await using upstairs = await startUpstairs({ config });
    const counts = (files: number) =>
      eventually(async () => (await upstairs.metric('upstairs_scan_files', { source: 'basement' })) === files, {
        withinMs: 30_000,
        everyMs: 200,
      });
    await counts(30);
    writeFileSync(join(root, 'new.png'), 'new');
    await counts(31);
    expect(await upstairs.metric('upstairs_scan_end_timestamp_seconds', { source: 'basement' })).toBeGreaterThan(1e9);
    expect(upstairs.logs.find(({ event, whole }) => event === 'scan' && whole)).toMatchObject({ files: 30, added: 30 });
    expect((await upstairs.kill('SIGTERM')).code).toBe(0);
  });

  test.skipIf(needs('fuse').skip)('begins none while a disk holds the process of the one before', async () => {
    const { root, config } = await place(30, { backfill: { enabled: true, scanEvery: '1s' } });
    await using disk = await mountFaultyDisk(root);
    const sources = [{ type: 'disk', name: 'basement', root: disk.mountPoint, deadline: '500ms' }];
    await using upstairs = await startUpstairs({ config: { ...config, sources } });
    const scans = (line: { event?: string; whole?: unknown }) => line.event === 'scan' && line.whole !== undefined;
    await eventually(() => upstairs.logs.some((line) => scans(line) && line.whole), { withinMs: 20_000 });
    await disk.setRules([{ op: '*', hang: true }]);
    await eventually(() => upstairs.logs.some((line) => scans(line) && !line.whole), { withinMs: 20_000 });
    await sleep(15_000);
    const held = childrenOf(upstairs.pid).map((pid) => residentBytes(pid));
    console.log('processes that the disk holds, by resident bytes', held);
    expect(held.length).toBe(1);

    await disk.setRules([]);
    const before = upstairs.logs.length;
    const again = () => upstairs.logs.slice(before).some((line) => scans(line) && line.whole);
    await eventually(again, { withinMs: 20_000 });
  });
});

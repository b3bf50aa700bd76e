import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DeleteObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { SqliteVerifications } from '../../src/ledger/sqlite-verifications.ts';
import { verification } from '../contracts/verifications.contract.ts';
import { merge, type PlainConfig } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { basement } from '../support/media-files.ts';
import { programEnv } from '../support/program-env.ts';
import { objectFacts, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const run = promisify(execFile);

/** A command of the program, to its end; `code` is 0 where it succeeds. */
async function upstairs(args: string[], config: PlainConfig): Promise<{ code: number; out: string; err: string }> {
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  try {
    const { stdout, stderr } = await run(execPath, [program, ...args, '-c', file], {
      env: programEnv,
      timeout: 20_000,
    });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

/** A bucket and a disk, and a state directory that may be lost. */
async function instance(files: Record<string, string>) {
  const rgw = sharedRgw();
  const bucket = await rgw.freshBucket();
  const root = scratch('root');
  const stateDir = scratch('state');
  await basement(root, files);
  const config = (over: PlainConfig = {}) =>
    merge(
      merge(baseConfig({ endpoint: rgw.endpoint, bucket, root, stateDir }), {
        bucket: { identityEvery: '300ms', absenceTtl: '20ms' },
        // Nothing is served from memory here: every answer tells what the tiers say now.
        cache: { maxSize: '2KiB', maxObject: '1B' },
        copy: { minAge: '0ms' },
      }),
      over,
    );
  const start = async (over?: PlainConfig, args?: string[]) => {
    const running = await startUpstairs({ config: config(over), ...(args && { args }) });
    onTestFinished(() => running.dispose());
    return running;
  };
  const copied = async (running: Awaited<ReturnType<typeof start>>, n: number) =>
    eventually(async () => expect(await running.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(n), {
      withinMs: 20_000,
    });
  return { rgw, bucket, root, stateDir, config, start, copied };
}

/** What a client's DELETE through the write host leaves. */
function deleteByMark(stateDir: string, key: string): void {
  const db = new DatabaseSync(join(stateDir, 'marks.db'), { timeout: 5000 });
  db.prepare("INSERT INTO marks (key, generation, below, shown) VALUES (?, 1, 'closed', 'gone')").run(key);
  db.close();
}

function rows(file: string, sql: string): unknown[] {
  const db = new DatabaseSync(file, { readOnly: true });
  const found = db.prepare(sql).all();
  db.close();
  return found;
}

/** Stops, and leaves a backup of one key that was copied and one that was deleted. */
async function backedUp() {
  const world = await instance({ 'moved.jpg': 'moved', 'deleted.jpg': 'deleted', 'below.jpg': 'on the disk' });
  const running = await world.start();
  await running.get('/moved.jpg');
  await world.copied(running, 1);
  deleteByMark(world.stateDir, 'deleted.jpg');
  const dir = join(scratch('backups'), 'first');
  const { code, err } = await upstairs(['ledger', 'backup', dir], world.config());
  expect([code, err]).toEqual([0, '']);
  await running.kill();
  return { ...world, dir };
}

let shared: ReturnType<typeof backedUp> | undefined;

/** The same for every test that only looks, with a copy of the backup to be spoiled. */
async function backupToSpoil() {
  shared ??= backedUp();
  const world = await shared;
  const dir = scratch('spoiled');
  cpSync(world.dir, dir, { recursive: true });
  return { ...world, dir };
}

describe.skipIf(needs('ceph').skip)('the state', () => {
  test('is backed up while it is served from and copied into, and goes on in another directory', async () => {
    const names = Array.from({ length: 150 }, (_, n) => `f${n}.jpg`);
    const files = Object.fromEntries([...names, 'deleted.jpg'].map((name) => [name, `the bytes of ${name}`]));
    const { rgw, bucket, stateDir, config, start, copied } = await instance(files);
    const running = await start();
    expect((await running.get('/deleted.jpg')).status).toBe(200);
    await copied(running, 1);
    deleteByMark(stateDir, 'deleted.jpg');
    const dir = join(scratch('backups'), 'new', 'one');
    const asked = oneAfterAnother(names, async (name) => (await running.get(`/${name}`)).status);
    await eventually(async () =>
      expect(await running.metric('upstairs_ledger_keys', { status: 'copied' })).toBeGreaterThan(20),
    );
    const { code, out, err } = await upstairs(['ledger', 'backup', dir], config());
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`bucket ${bucket}`);
    expect(new Set(await asked)).toEqual(new Set([200]));
    await copied(running, names.length + 1);
    await running.kill('SIGKILL');

    expect(readdirSync(dir).sort()).toEqual(['backup.json', 'ledger.db', 'marks.db']);
    expect(statSync(dir).mode & 0o077).toBe(0);
    const manifest = JSON.parse(readFileSync(join(dir, 'backup.json'), 'utf8'));
    const identity = await rgw.client.send(new GetObjectCommand({ Bucket: bucket, Key: '_upstairs/identity' }));
    expect(manifest).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      ledger: JSON.parse((await identity.Body?.transformToString()) ?? '').ledger,
      bucket,
      endpoint: rgw.endpoint,
      files: { 'marks.db': { bytes: statSync(join(dir, 'marks.db')).size } },
    });
    expect(Math.abs(Date.now() - Date.parse(manifest.time))).toBeLessThan(60_000);
    const known = rows(join(dir, 'ledger.db'), "SELECT key FROM copies WHERE status = 'copied'").length;
    expect(known).toBeGreaterThan(20);

    const elsewhere = join(scratch('elsewhere'), 'state');
    const restored = await upstairs(['ledger', 'restore', dir], config({ state: { dir: elsewhere } }));
    expect([restored.code, restored.err]).toEqual([0, '']);
    expect(restored.out).toContain(
      `Not known any more: what was deleted, made private or made public after ${manifest.time}`,
    );
    const again = await start({ state: { dir: elsewhere } });
    expect((await again.admin('/readyz')).status).toBe(200);
    expect((await again.get('/deleted.jpg')).status).toBe(404);
    expect(await again.metric('upstairs_ledger_keys', { status: 'copied' })).toBeGreaterThanOrEqual(known);
    for (const name of [names[0], names.at(-1)]) expect((await again.get(`/${name}`)).status).toBe(200);
    // It was copied, then lost: a ledger that knows of the copy does not fetch it from below.
    const [first] = rows(join(dir, 'ledger.db'), "SELECT key FROM copies WHERE status = 'copied' AND key > 'f'");
    const { key } = first as { key: string };
    await rgw.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    await eventually(async () => expect((await again.get(`/${key}`)).status).toBe(404));
    expect(await again.metric('upstairs_vanished_total')).toBeGreaterThan(0);
  });

  test('is backed up after a kill, with what only its WAL holds', async () => {
    const { stateDir, config, start, copied } = await instance({ 'a.jpg': 'a' });
    const running = await start();
    await running.get('/a.jpg');
    await copied(running, 1);
    await running.kill('SIGKILL');
    expect(statSync(join(stateDir, 'ledger.db-wal')).size).toBeGreaterThan(0);
    const dir = scratch('backup');
    expect((await upstairs(['ledger', 'backup', dir], config())).code).toBe(0);
    expect(rows(join(dir, 'ledger.db'), 'SELECT key, status FROM copies')).toMatchObject([
      { key: 'a.jpg', status: 'copied' },
    ]);
  });

  test('is not backed up before there is one, nor before it belongs to a bucket', async () => {
    const { stateDir, config, start } = await instance({ 'a.jpg': 'a' });
    const dir = join(scratch('backup'), 'none');
    const none = await upstairs(['ledger', 'backup', dir], config());
    expect([none.code, none.err]).toEqual([1, expect.stringContaining(join(stateDir, 'ledger.db'))]);
    expect(existsSync(dir)).toBe(false);
    const running = await start({ bucket: { endpoint: 'http://127.0.0.1:9' } });
    const unbound = await upstairs(['ledger', 'backup', dir], config());
    expect([unbound.code, unbound.err]).toEqual([1, expect.stringContaining('never bound')]);
    expect(existsSync(dir)).toBe(false);
    await running.kill();
  });

  test('replaces an earlier backup only when told to, and never anything else', async () => {
    const { dir, stateDir, config } = await backedUp();
    const before = readFileSync(join(dir, 'backup.json'), 'utf8');
    const refused = await upstairs(['ledger', 'backup', dir], config());
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('--force')]);
    expect(readFileSync(join(dir, 'backup.json'), 'utf8')).toBe(before);
    writeFileSync(join(dir, 'marks.db.new'), 'of a backup that was broken off');
    expect((await upstairs(['ledger', 'backup', dir, '--force'], config())).code).toBe(0);
    expect(readFileSync(join(dir, 'backup.json'), 'utf8')).not.toBe(before);
    expect(readdirSync(dir).sort()).toEqual(['backup.json', 'ledger.db', 'marks.db']);
    writeFileSync(join(dir, 'holiday.jpg'), 'not a backup');
    for (const other of [dir, stateDir]) {
      const { code, err } = await upstairs(['ledger', 'backup', other, '--force'], config());
      expect([code, err]).toEqual([1, expect.stringContaining('something else than a backup')]);
    }
  });

  test('is not restored for another bucket', async () => {
    const { dir, rgw, config } = await backupToSpoil();
    const other = await rgw.freshBucket();
    const state = join(scratch('elsewhere'), 'state');
    const { code, err } = await upstairs(
      ['ledger', 'restore', dir],
      config({ state: { dir: state }, bucket: { name: other } }),
    );
    expect([code, err]).toEqual([1, expect.stringContaining(other)]);
    expect(existsSync(state)).toBe(false);
  });

  test.each<[string, (dir: string) => void, string]>([
    ['a byte is another', (dir) => flip(join(dir, 'marks.db'), 5000), 'SHA-256'],
    ['a database was cut short', (dir) => truncateSync(join(dir, 'ledger.db'), 8192), 'SHA-256'],
    ['a database is missing', (dir) => rmSync(join(dir, 'marks.db')), 'marks.db is missing'],
    ['what tells of it is missing', (dir) => rmSync(join(dir, 'backup.json')), 'backup.json is missing'],
    ['what tells of it is cut short', (dir) => truncateSync(join(dir, 'backup.json'), 100), 'damaged'],
  ])('is not restored from a backup of which %s', async (_what, spoil, why) => {
    const { dir, config } = await backupToSpoil();
    spoil(dir);
    const state = join(scratch('elsewhere'), 'state');
    const { code, err } = await upstairs(['ledger', 'restore', dir], config({ state: { dir: state } }));
    expect([code, err]).toEqual([1, expect.stringContaining(why)]);
    expect(existsSync(state) ? readdirSync(state) : []).toEqual(existsSync(state) ? ['lock.db'] : []);
  });

  test('is not restored where no lock can be taken', async () => {
    const { dir, config } = await backupToSpoil();
    const state = scratch('elsewhere');
    mkdirSync(join(state, 'lock.db'));
    const { code, err } = await upstairs(['ledger', 'restore', dir], config({ state: { dir: state } }));
    expect([code, err]).toEqual([1, expect.stringContaining('lock.db cannot be locked')]);
    expect(readdirSync(state)).toEqual(['lock.db']);
  });

  test('is not proven any more once it was restored', async () => {
    const { stateDir, config, start } = await instance({ 'a.jpg': 'a' });
    const running = await start();
    await running.kill();
    const proof = async <T>(of: (store: SqliteVerifications) => Promise<T>) => {
      const store = new SqliteVerifications(join(stateDir, 'ledger.db'));
      return await of(store).finally(() => store.close());
    };
    const found = { ...verification, sources: ['basement'] };
    await proof((store) => store.record(found));
    const dir = scratch('backup');
    expect((await upstairs(['ledger', 'backup', dir], config())).code).toBe(0);
    await proof((store) => store.record({ ...found, clean: false }));
    expect((await upstairs(['ledger', 'restore', dir, '--replace'], config())).code).toBe(0);
    expect(await proof((store) => store.last('basement'))).toBeUndefined();
    expect(readdirSync(stateDir).filter((name) => name.includes('restoring'))).toEqual([]);
  });

  test('is replaced by a backup only when told to, and is kept aside whole', async () => {
    const { dir, stateDir, config, start } = await backedUp();
    const later = await start();
    deleteByMark(stateDir, 'later.jpg');
    await later.kill('SIGKILL');
    const refused = await upstairs(['ledger', 'restore', dir], config());
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('--replace')]);
    expect((await upstairs(['ledger', 'restore', dir, '--replace'], config())).code).toBe(0);
    const names = readdirSync(stateDir);
    const marks = names.find((name) => /^marks\.db\.replaced-\d{8}T\d{9}Z$/.test(name)) ?? '';
    expect(names).toContain(marks.replace('marks', 'ledger'));
    expect(rows(join(stateDir, marks), 'SELECT key FROM marks ORDER BY key')).toMatchObject([
      { key: 'deleted.jpg' },
      { key: 'later.jpg' },
    ]);
    expect(rows(join(stateDir, 'marks.db'), 'SELECT key FROM marks')).toMatchObject([{ key: 'deleted.jpg' }]);
    const restored = await start();
    expect((await restored.get('/deleted.jpg')).status).toBe(404);
    expect((await restored.get('/below.jpg')).status).toBe(200);
  });

  test('is used by one process at a time: a second serve and a restore are refused, a list is not', async () => {
    const { dir, config, start, stateDir } = await backedUp();
    const running = await start();
    await expect(start()).rejects.toThrow('in use by another');
    const before = readdirSync(stateDir).sort();
    const restore = await upstairs(['ledger', 'restore', dir, '--replace'], config());
    expect([restore.code, restore.err]).toEqual([1, expect.stringContaining('in use by another')]);
    expect(readdirSync(stateDir).sort()).toEqual(before);
    expect(await upstairs(['list', 'copied'], config())).toMatchObject({
      code: 0,
      out: expect.stringContaining('moved.jpg'),
    });
    expect((await running.get('/below.jpg')).text).toBe('on the disk');
    await running.kill('SIGKILL');
    const next = await start();
    expect((await next.admin('/readyz')).status).toBe(200);
  });

  test('that is new takes a bucket over from one that is lost only when the loss is accepted by name', async () => {
    const { dir, bucket, rgw, stateDir, start } = await backedUp();
    const lost = { state: { dir: scratch('new-state') } };
    const cautious = await start(lost);
    expect((await cautious.get('/below.jpg')).status).toBe(503);
    expect((await cautious.admin('/readyz')).text).toContain('--accept-loss');
    await cautious.kill();
    await expect(start(lost, ['--accept-loss', 'another-bucket'])).rejects.toThrow('another-bucket');

    const bold = await start(lost, ['--accept-loss', bucket]);
    expect(bold.logs.filter(({ event }) => event === 'accept-loss')).toMatchObject([
      { level: 'warn', from: JSON.parse(readFileSync(join(dir, 'backup.json'), 'utf8')).ledger },
    ]);
    expect((await bold.admin('/readyz')).status).toBe(200);
    expect((await bold.get('/below.jpg')).text).toBe('on the disk');
    await eventually(async () => expect(await objectFacts(rgw.client, bucket, 'below.jpg')).toBeDefined());
    await bold.kill();

    const needless = await start(lost, ['--accept-loss', bucket]);
    expect(needless.logs.filter(({ event }) => event === 'accept-loss')).toMatchObject([{ level: 'info' }]);
    await needless.kill();
    // Bound for good, without the option. The lost one, should it be found again, has lost the bucket.
    const later = await start(lost);
    expect((await later.admin('/readyz')).status).toBe(200);
    await later.kill();
    const found = await start({ state: { dir: stateDir } }, ['--accept-loss', bucket]);
    expect((await found.admin('/readyz')).status).toBe(503);
  });
});

/** More at once would be more than the disk's queue takes. */
async function oneAfterAnother<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await each(item));
  return results;
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

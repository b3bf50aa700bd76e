import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { merge, type PlainConfig } from '../support/base-config.ts';
import { type BoundState, boundState } from '../support/bound-state.ts';
import { makeCertificate } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { runProgram } from '../support/run-program.ts';
import { scratch } from '../support/scratch.ts';
import { expectTold, secret } from '../support/told-error.ts';
import { startUpstairs } from '../support/upstairs.ts';

let bound: BoundState;
beforeAll(async () => {
  bound = await boundState({ bucket: { secretKey: secret }, admin: { token: secret } });
}, 60_000);
afterAll(() => bound[Symbol.asyncDispose]());

function fileOf(config: PlainConfig): string {
  const path = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(path, stringify(config));
  return path;
}

/** Runs it on this configuration; `code` is what `--json` tells. */
const told = (config: PlainConfig, words: readonly string[], code: string, says: RegExp, exit = 1) =>
  expectTold({ words: [...words, '-c', fileOf(config)], code, says, exit });

/** Held locked until the test is over, as another process holds it. */
function heldLocked(file: string): void {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (x);');
  onTestFinished(() => db.close());
}

describe('without a state', () => {
  test.each([
    [['list', 'wanted']],
    [['failures']],
    [['status']],
    [['retire', 'basement']],
    [['heat', 'import', '/dev/null']],
    [['inventory']],
    [['verify']],
    [['ledger', 'backup', join(scratch('backup'), 'new')]],
  ])('%j says that serve makes one', async (words) => {
    const { config } = bound.copied({ state: { dir: join(scratch('none'), 'state') } });
    await told(config, words, 'NO_STATE', /there is no ledger at[\s\S]*start `upstairs serve` once before/);
  });

  test('acl fix says the same', async () => {
    const { config } = bound.copied({ bucket: { acls: true }, state: { dir: join(scratch('none'), 'state') } });
    await told(config, ['acl', 'fix'], 'NO_STATE', /there is no ledger at/);
  });

  test('one that has lost its marks is not served, nor verified', async () => {
    const { config, dir } = bound.copied();
    rmSync(join(dir, 'marks.db'));
    await told(config, ['verify'], 'NO_STATE', /there is no marks at/);
    await told(config, ['serve'], 'MARKS_LOST', /no marks\.db[\s\S]*upstairs ledger restore/);
  });
});

describe('a state that cannot be used', () => {
  test('is in use by another program', async () => {
    const { config, dir } = bound.copied();
    heldLocked(join(dir, 'lock.db'));
    await told(config, ['serve'], 'STATE_IN_USE', /in use by another[\s\S]*stop that one first/);
  });

  test('is being scanned, or listed', async () => {
    const { config, dir } = bound.copied();
    heldLocked(join(dir, 'scan.db'));
    heldLocked(join(dir, 'inventory.db'));
    await told(config, ['scan'], 'SCAN_RUNNING', /another scan is under way[\s\S]*wait/);
    await told(config, ['inventory'], 'INVENTORY_IN_USE', /listed already[\s\S]*wait/);
  });

  test('is kept locked by a program that does not belong there', async () => {
    const { config, dir } = bound.copied();
    heldLocked(join(dir, 'ledger.db'));
    await told(config, ['list', 'copied'], 'SQLITE_BUSY', /database is locked[\s\S]*fuser/);
  });

  test('is damaged', async () => {
    const { config, dir } = bound.copied();
    rmSync(join(dir, 'ledger.db-wal'), { force: true });
    writeFileSync(join(dir, 'ledger.db'), 'this is no database at all, but long enough to be looked at'.repeat(100));
    await told(config, ['list', 'copied'], 'SQLITE_NOTADB', /damaged[\s\S]*upstairs ledger restore/);
    await told(config, ['serve'], 'SQLITE_NOTADB', /damaged/);
  });

  test('is of a later version', async () => {
    const { config, dir } = bound.copied();
    const db = new DatabaseSync(join(dir, 'ledger.db'));
    db.exec('PRAGMA user_version=9999');
    db.close();
    await told(config, ['serve'], 'LATER_VERSION', /9999[\s\S]*that later version again/);
  });

  test('cannot be locked, or is a file', async () => {
    const { config, dir } = bound.copied();
    rmSync(join(dir, 'lock.db'), { force: true });
    mkdirSync(join(dir, 'lock.db'));
    await told(
      config,
      ['serve'],
      'STATE_UNUSABLE',
      /lock\.db cannot be locked: a database of the state cannot be opened/,
    );
    const file = join(scratch('file'), 'state');
    writeFileSync(file, '');
    await told(merge(config, { state: { dir: file } }), ['scan'], 'STATE_UNUSABLE', /cannot be made: .*EEXIST/);
  });

  test.skipIf(process.geteuid?.() !== 0)('belongs to another user', async () => {
    const { config } = bound.copied();
    const file = fileOf(config);
    const { code, stderr } = await runProgram(['inventory', '-c', file], { uid: 65534 });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/ {2}to do: (run this as the user that|correct it in)/)]);
  });
});

describe('backups', () => {
  test('are refused where something else is, or nothing, or what was changed', async () => {
    const { config, dir } = bound.copied();
    const backup = join(scratch('backup'), 'monday');
    expect((await runProgram(['ledger', 'backup', backup, '-c', fileOf(config)])).code).toBe(0);
    await told(config, ['ledger', 'backup', backup], 'DIRECTORY_IN_USE', /an earlier backup[\s\S]*--force/);
    await told(config, ['ledger', 'backup', dir], 'DIRECTORY_IN_USE', /something else/);
    await told(config, ['ledger', 'backup', '/dev/null/x'], 'ENOTDIR', /\/dev\/null\/x .*no directory/);
    await told(config, ['ledger', 'restore', backup], 'STATE_EXISTS', /--replace/);
    await told(config, ['ledger', 'restore', scratch('empty')], 'NO_BACKUP', /backup\.json is missing/);
    const other = merge(config, { bucket: { name: 'another' } });
    await told(other, ['ledger', 'restore', backup], 'WRONG_BUCKET', /of the bucket media/);
    writeFileSync(join(backup, 'marks.db'), 'x');
    await told(config, ['ledger', 'restore', backup, '--replace'], 'BACKUP_DAMAGED', /SHA-256[\s\S]*another backup/);
  });

  test('are not made of a ledger that is damaged', async () => {
    const { config, dir } = bound.copied();
    const file = join(dir, 'marks.db');
    writeFileSync(file, readFileSync(file).fill(0xff, 4096, 8192));
    await told(
      config,
      ['ledger', 'backup', join(scratch('b'), 'x')],
      'STATE_DAMAGED',
      /marks\.db is damaged[\s\S]*newest/,
    );
  });
});

describe('sources, files and answers', () => {
  test('a source that is named wrong is told with what was meant', async () => {
    const { config } = bound.copied();
    for (const words of [
      ['scan', '--source', 'basment'],
      ['verify', '--only', 'basment'],
      ['retire', 'basment'],
    ])
      await told(config, words, 'SOURCE_UNKNOWN', /no source basment[\s\S]*did you mean basement\?/);
  });

  test('a source elsewhere needs a manifest, and a manifest that cannot be read is named', async () => {
    const attic = { type: 'http', name: 'attic', url: 'http://127.0.0.1:1/' };
    const { config } = bound.copied({ sources: [attic] });
    await told(config, ['scan'], 'MANIFEST_NEEDED', /attic[\s\S]*find \. -type f/);
    await told(config, ['scan', '--manifest', '/no/manifest'], 'FILE_UNREADABLE', /\/no\/manifest .*ENOENT/);
  });

  test('a scan that does not come to its end says why in its result, and what to do', async () => {
    const { config } = bound.copied();
    const gone = merge(config, { sources: [{ type: 'disk', name: 'basement', root: '/no/disk' }] });
    const absent = await runProgram(['scan', '-c', fileOf(gone)]);
    expect([absent.code, absent.stdout]).toEqual([
      1,
      expect.stringMatching(/not whole: .*\/no\/disk.*: mount it, and scan again$/m),
    ]);
    const cut = join(scratch('manifest'), 'manifest');
    writeFileSync(cut, '4 1700000000.0 644 a.jpg');
    const wrong = await runProgram(['scan', '--manifest', cut, '-c', fileOf(config), '--json']);
    expect([wrong.code, JSON.parse(wrong.stdout).sources[0].why]).toEqual([
      1,
      expect.stringMatching(/no whole manifest.*run there: find/),
    ]);
  });

  test('a verification says what it needs first', async () => {
    const { config, dir } = bound.copied();
    await told(config, ['verify'], 'NO_SCAN', /upstairs scan/);
    await told(config, ['verify', '--acknowledged', '/no/list'], 'FILE_UNREADABLE', /--acknowledged \/no\/list/);
    await told(
      config,
      ['verify', '--report', '/no/such/report.md'],
      'ENOENT',
      /\/no\/such\/report\.md.* does not exist/,
    );
    const list = join(scratch('list'), 'let-go');
    writeFileSync(list, 'a\n"b\n');
    await told(config, ['verify', '--acknowledged', list], 'ACKNOWLEDGED_WRONG', /line 2[\s\S]*copy that key/);
    for (const name of ['files.db', 'files.db-wal', 'files.db-shm']) rmSync(join(dir, name), { force: true });
    expect((await runProgram(['scan', '-c', fileOf(config)])).code).toBe(0);
    await told(config, ['verify', '--no-list'], 'NO_LISTING', /without --no-list/);
  });

  test('init asks for what is missing, and replaces nothing', async () => {
    const out = scratch('out');
    await expectTold({
      words: ['init', '--yes', '--out', out],
      code: 'ANSWERS_MISSING',
      says: /--bucket[\s\S]*leave out --yes/,
    });
    await expectTold({
      words: ['init', '--out', out, '--endpoint', 'ftp:x'],
      code: 'ANSWER_WRONG',
      says: /--endpoint[\s\S]*upstairs init --help/,
    });
    await expectTold({
      words: ['init', '--out', out, '--from', '/no/env'],
      code: 'FILE_UNREADABLE',
      says: /\/no\/env/,
    });
    await expectTold({ words: ['init', '--out', out], code: 'BROKEN_OFF', says: /nothing was written/ });
    writeFileSync(join(out, 'upstairs.yaml'), '');
    await expectTold({ words: ['init', '--out', out], code: 'FILE_EXISTS', says: /upstairs\.yaml[\s\S]*--force/ });
  });

  test('a log that cannot be read is named, and the others are counted', async () => {
    const { config } = bound.copied();
    const words = ['heat', 'import', '/no/such.log', '/dev/null', '-c', fileOf(config)];
    const { code, stdout, stderr } = await runProgram(words);
    expect([code, stderr]).toEqual([
      1,
      '/no/such.log: /no/such.log does not exist (ENOENT)\n  expected: a file or directory that is there\n  to do: correct the path, make it, or mount what it lies on\n',
    ]);
    expect(stdout).toContain('/dev/null: 0 lines');
    const json = await runProgram([...words, '--json']);
    expect(JSON.parse(json.stdout).logs[0].error).toMatchObject({
      code: 'ENOENT',
      todo: expect.stringMatching(/path/),
    });
  });

  test('a disk that is full has words, wherever the answer goes', async () => {
    const { config } = bound.copied();
    const full = openSync('/dev/full', 'w');
    const { code, stderr } = await runProgram(['status', '-c', fileOf(config)], { stdoutTo: full });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^upstairs: no room is left for standard output.*\n {2}expected: .*\n {2}to do: .*df -h/),
    ]);
  });
});

describe('addresses and servers', () => {
  test('orders need a serve that runs, and a token', async () => {
    const { config } = bound.copied({ admin: { listen: `127.0.0.1:${await freePort()}` } });
    for (const words of [
      ['backfill', 'status'],
      ['backfill', 'pause'],
      ['recopy', 'a.jpg'],
    ])
      await told(config, words, 'NOT_SERVING', /ECONNREFUSED[\s\S]*start it/);
    await using running = await startUpstairs({ config });
    await told(config, ['backfill', 'limit', 'fast'], 'REFUSED', /5MiB\/s/);
    await told(merge(config, { admin: { token: undefined } }), ['backfill', 'pause'], 'REFUSED', /token/);
    expect(running.output()).toBe('');
  });

  test('an address that another program has, or that this machine has not', async () => {
    const { config } = bound.copied();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    await told(
      merge(config, { read: { listen: `127.0.0.1:${port}` } }),
      ['serve'],
      'EADDRINUSE',
      new RegExp(`127\\.0\\.0\\.1:${port} already[\\s\\S]*ss -ltnp`),
    );
    await told(
      merge(config, { read: { listen: '203.0.113.1:8443' } }),
      ['serve'],
      'EADDRNOTAVAIL',
      /203\.0\.113\.1:8443[\s\S]*ip address/,
    );
  });

  test('a bucket to lose is named as the configuration has it', async () => {
    const { config } = bound.copied();
    await told(config, ['serve', '--accept-loss', 'medai'], 'WRONG_BUCKET', /medai, and bucket\.name is media/);
  });

  test('a store that is not there, has no name, or another certificate', async () => {
    const { config } = bound.copied();
    const at = (endpoint: string) => merge(config, { bucket: { endpoint } });
    await told(at('http://127.0.0.1:1'), ['inventory', '--fresh'], 'INVENTORY_BUCKET_UNKNOWN', /upstairs check/);
    const acls = (endpoint: string) => merge(at(endpoint), { bucket: { acls: true } });
    await told(acls('http://127.0.0.1:1'), ['acl', 'fix'], 'ECONNREFUSED', /nothing listens at 127\.0\.0\.1:1/);
    await told(
      acls('http://no-such-host.invalid'),
      ['acl', 'fix'],
      'ENOTFOUND',
      /no-such-host\.invalid does not resolve/,
    );
    if (needs('openssl').skip) return;
    const { cert, key } = makeCertificate(['127.0.0.1']);
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await told(
      acls(`https://127.0.0.1:${port}`),
      ['acl', 'fix'],
      'SELF_SIGNED_CERT_IN_CHAIN',
      /known authority[\s\S]*NODE_EXTRA_CA_CERTS/,
    );
  });

  test('a bucket that is another one', async () => {
    const { config } = bound.copied();
    await told(
      merge(config, { bucket: { keyPrefix: 'elsewhere/' } }),
      ['inventory', '--fresh'],
      'INVENTORY_WRONG_BUCKET',
      /bucket\.keyPrefix/,
    );
  });
});

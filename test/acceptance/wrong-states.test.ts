import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { merge } from '../support/base-config.ts';
import { type BoundState, boundState } from '../support/bound-state.ts';
import { findings } from '../support/run-check.ts';
import { runProgram } from '../support/run-program.ts';
import { scratch } from '../support/scratch.ts';
import { fileOf, secret, told } from '../support/told-error.ts';

let bound: BoundState;
beforeAll(async () => {
  bound = await boundState({ bucket: { secretKey: secret }, admin: { token: secret } });
}, 60_000);
afterAll(() => bound[Symbol.asyncDispose]());

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

  test('one that has lost its marks is not served, nor verified, and the check says so', async () => {
    const { config, dir } = bound.copied();
    const ofMarks = async () => (await findings(config)).all.filter(({ check }) => check === 'state.marks.db');
    expect(await ofMarks()).toMatchObject([{ level: 'ok', found: 'sound' }]);
    rmSync(join(dir, 'marks.db'));
    expect(await ofMarks()).toMatchObject([{ level: 'error', todo: expect.stringContaining('--accept-loss') }]);
    await told(config, ['verify'], 'NO_STATE', /there is no marks at/);
    await told(config, ['serve'], 'MARKS_LOST', /no marks\.db[\s\S]*upstairs ledger restore/);
    // systemd starts it again after two seconds.
    await told(config, ['serve'], 'MARKS_LOST', /no marks\.db[\s\S]*upstairs ledger restore/);
  });

  test('one whose marks are an empty file is not either, whatever command came before', async () => {
    const { config, dir } = bound.copied();
    for (const end of ['-wal', '-shm']) rmSync(join(dir, `marks.db${end}`), { force: true });
    writeFileSync(join(dir, 'marks.db'), '');
    await told(config, ['verify'], 'NO_STATE', /there is no marks at/);
    await told(config, ['ledger', 'backup', join(scratch('backup'), 'new')], 'NO_STATE', /there is no marks at/);
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

import { chownSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { expect, test } from 'vitest';
import { FileLock } from '../../../src/lib/file-lock.ts';
import { openDatabase } from '../../../src/lib/sqlite.ts';
import { scratch } from '../../support/scratch.ts';

const asRoot = geteuid?.() === 0;

test.runIf(asRoot)("what root makes in a service's directory is the service's", () => {
  const dir = scratch('state');
  chownSync(dir, 4711, 4712);
  const db = openDatabase(join(dir, 'files.db'), ['CREATE TABLE t (n INTEGER)']);
  db.exec('INSERT INTO t VALUES (1)');
  const owners = ['files.db', 'files.db-wal', 'files.db-shm'].map((name) => {
    const { uid, gid } = statSync(join(dir, name));
    return [name, uid, gid];
  });
  db.close();
  expect(owners).toEqual([
    ['files.db', 4711, 4712],
    ['files.db-wal', 4711, 4712],
    ['files.db-shm', 4711, 4712],
  ]);
  const lock = FileLock.take(join(dir, 'scan.db'));
  expect(statSync(join(dir, 'scan.db')).uid).toBe(4711);
  expect(FileLock.take(join(dir, 'scan.db'), 10)).toBeUndefined();
  lock?.release();
});

test("in a directory of one's own a file is one's own", () => {
  const dir = scratch('state');
  openDatabase(join(dir, 'files.db'), []).close();
  expect(existsSync(join(dir, 'files.db'))).toBe(true);
  expect(statSync(join(dir, 'files.db')).uid).toBe(statSync(dir).uid);
});

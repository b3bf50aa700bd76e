import { truncateSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { copyDatabase, databaseProblem } from '../../../src/lib/database-copy.ts';
import { scratch } from '../../support/scratch.ts';

function database(rows: number): { file: string; db: DatabaseSync } {
  const file = join(scratch('db'), 'a.db');
  const db = new DatabaseSync(file, { timeout: 5000 });
  onTestFinished(() => db.close());
  db.exec('PRAGMA journal_mode=WAL; CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)');
  db.prepare(
    'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) INSERT INTO t SELECT n, hex(randomblob(50)) FROM c',
  ).run(rows);
  return { file, db };
}

function rowsIn(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  const { n } = db.prepare('SELECT count(*) AS n FROM t').get() as { n: number };
  db.close();
  return n;
}

test('a database is copied as it is at one moment, while a writer never rests', async () => {
  const { file, db } = database(200_000);
  const insert = db.prepare("INSERT INTO t (text) VALUES ('more')");
  let written = 0;
  const writer = setInterval(() => {
    insert.run();
    written += 1;
  }, 1);
  const copy = `${file}.copy`;
  await copyDatabase(file, copy);
  clearInterval(writer);
  expect(written).toBeGreaterThan(0);
  expect(databaseProblem(copy)).toBeUndefined();
  expect(rowsIn(copy)).toBeGreaterThanOrEqual(200_000);
  expect(rowsIn(copy)).toBeLessThanOrEqual(200_000 + written);
});

test('what is in the WAL alone is copied, into one file that needs no other', async () => {
  const { file } = database(10);
  const copy = join(scratch('copy'), 'b.db');
  await copyDatabase(file, copy);
  expect(rowsIn(copy)).toBe(10);
  expect(await readdir(dirname(copy))).toEqual(['b.db']);
});

test('a damaged database, and a file that is none, are told from a good one', () => {
  const { file, db } = database(10_000);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE');
  expect(databaseProblem(file)).toBeUndefined();
  truncateSync(file, 40_960);
  expect(databaseProblem(file)).toBeTypeOf('string');
  const other = join(scratch('db'), 'other.db');
  writeFileSync(other, 'no database at all, but long enough to have a header that could be one'.repeat(100));
  expect(databaseProblem(other)).toBeTypeOf('string');
});

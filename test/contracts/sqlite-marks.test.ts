import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { unmarked } from '../../src/marks/marks.ts';
import { hasMarks } from '../../src/marks/marks-peek.ts';
import { SqliteMarks } from '../../src/marks/sqlite-marks.ts';
import { scratch } from '../support/scratch.ts';
import { decided, marksContract } from './marks.contract.ts';
import { marksModelContract } from './marks-model.contract.ts';
import { uploadsContract } from './uploads.contract.ts';

function makeFixture() {
  const file = join(scratch('state'), 'marks.db');
  return { open: async () => new SqliteMarks(file) };
}

marksContract('a SQLite file', makeFixture);
marksModelContract('a SQLite file', makeFixture);
uploadsContract('a SQLite file', makeFixture);

test('marks of a later version of the program are refused', async () => {
  const file = join(scratch(), 'marks.db');
  await new SqliteMarks(file).close();
  const later = new DatabaseSync(file);
  later.exec('PRAGMA user_version=99');
  later.close();
  expect(() => new SqliteMarks(file)).toThrow(/later version/);
});

test('a file that is missing or empty has no marks, one that was opened has, while it is open and afterwards', async () => {
  const file = join(scratch(), 'marks.db');
  expect(hasMarks(file)).toBe(false);
  expect(existsSync(file)).toBe(false);
  writeFileSync(file, '');
  expect(hasMarks(file)).toBe(false);
  const marks = new SqliteMarks(file);
  expect(hasMarks(file)).toBe(true);
  // As it lies there after a SIGKILL.
  const left = join(scratch(), 'marks.db');
  for (const end of ['', '-wal']) copyFileSync(file + end, left + end);
  expect(hasMarks(left)).toBe(true);
  await marks.close();
  expect(hasMarks(file)).toBe(true);
});

test('marks of the first version are kept, and may be forgotten when they were settled long ago', async () => {
  const file = join(scratch(), 'marks.db');
  const first = new DatabaseSync(file);
  first.exec(`
    CREATE TABLE marks (key TEXT PRIMARY KEY, generation INTEGER NOT NULL,
      below TEXT NOT NULL CHECK (below IN ('open', 'closed')),
      shown TEXT NOT NULL CHECK (shown IN ('unset', 'public', 'private', 'gone'))) STRICT, WITHOUT ROWID;
    INSERT INTO marks VALUES ('deleted', 4, 'closed', 'gone'), ('hidden', 2, 'open', 'private');
    PRAGMA user_version=1`);
  first.close();
  const marks = new SqliteMarks(file);
  expect(await marks.get('deleted')).toEqual({ generation: 4, below: 'closed', shown: 'gone' });
  expect(await marks.get('hidden')).toEqual({ generation: 2, below: 'open', shown: 'private' });
  expect(await marks.droppable(0, 9)).toEqual([{ key: 'deleted', generation: 4 }]);
  await marks.close();
});

test('a thousand keys are one commit, and so are the decisions of one moment', async () => {
  const file = join(scratch(), 'marks.db');
  const marks = new SqliteMarks(file);
  const reader = new DatabaseSync(file, { readOnly: true });
  const version = () => (reader.prepare('PRAGMA data_version').get() as { data_version: number }).data_version;
  const before = version();
  const keys = Array.from({ length: 1000 }, (_, n) => `key ${n}`);
  await marks.update(keys, (record) => decided(record, { shown: 'gone' }), 1);
  expect(version()).toBe(before + 1);
  await Promise.all(keys.map((key) => marks.update([key], (record) => decided(record, {}), 2)));
  expect(version()).toBe(before + 2);
  reader.close();
  await marks.close();
});

test('a decision after closing is told so, and harms nobody', async () => {
  const file = join(scratch(), 'marks.db');
  const marks = new SqliteMarks(file);
  await marks.close();
  await expect(marks.update(['a'], (record) => decided(record, { shown: 'gone' }), 1)).rejects.toThrow();
  const again = new SqliteMarks(file);
  expect(await again.get('a')).toEqual(unmarked);
  await again.close();
});

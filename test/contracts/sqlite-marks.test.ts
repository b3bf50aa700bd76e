import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { SqliteMarks } from '../../src/marks/sqlite-marks.ts';
import { scratch } from '../support/scratch.ts';
import { marksContract } from './marks.contract.ts';

marksContract('a SQLite file', () => {
  const file = join(scratch('state'), 'marks.db');
  return { open: async () => new SqliteMarks(file) };
});

test('marks of a later version of the program are refused', async () => {
  const file = join(scratch(), 'marks.db');
  await new SqliteMarks(file).close();
  const later = new DatabaseSync(file);
  later.exec('PRAGMA user_version=2');
  later.close();
  expect(() => new SqliteMarks(file)).toThrow(/later version/);
});

test('every mark is on the disk before it is acknowledged', async () => {
  const marks = new SqliteMarks(join(scratch(), 'marks.db'));
  await marks.close();
  await expect(marks.change('a', { shown: 'gone' })).rejects.toThrow();
});

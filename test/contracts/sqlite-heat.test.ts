import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFilesDatabase } from '../../src/ledger/files-database.ts';
import { SqliteHeat } from '../../src/ledger/sqlite-heat.ts';
import { scratch } from '../support/scratch.ts';
import { heatContract } from './heat.contract.ts';

heatContract('a SQLite file', () => {
  const file = join(scratch('state'), 'files.db');
  return { open: async (options) => new SqliteHeat(file, options) };
});

test('heat does not wait for another process longer than it is told to', async () => {
  const file = join(scratch('state'), 'files.db');
  const heat = new SqliteHeat(file, { halfLifeMs: 1000, maxKeys: 10, nowMs: 0, busyMs: 0 });
  const other = openFilesDatabase(file);
  onTestFinished(async () => {
    other.close();
    await heat.close();
  });
  other.exec('BEGIN IMMEDIATE');
  await expect(heat.add([{ key: 'a', views: 1, atMs: 0 }], 0)).rejects.toThrow(/locked/);
  other.exec('COMMIT');
  await heat.add([{ key: 'a', views: 1, atMs: 0 }], 0);
  expect(await heat.keys()).toBe(1);
});

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { rescueFiles } from '../../src/ledger/files-rescue.ts';
import { SqliteFiles } from '../../src/ledger/sqlite-files.ts';

import { scratch } from '../support/scratch.ts';

test('a files.db that is damaged or of a later version is put aside, and a new one serves', async () => {
  const dir = scratch('state');
  const file = join(dir, 'files.db');
  expect(rescueFiles(file, 1)).toBeUndefined();
  expect(rescueFiles(file, 2)).toBeUndefined();
  const later = new DatabaseSync(file);
  later.exec('PRAGMA user_version=4711');
  later.close();
  expect(rescueFiles(file, 3)).toMatchObject({ code: 'LATER_VERSION' });
  writeFileSync(file, 'no database at all, but long enough to be looked at as one, which it is not'.repeat(20));
  expect(rescueFiles(file, 4)).toBeInstanceOf(Error);
  const files = new SqliteFiles(file);
  expect(await files.scans()).toEqual([]);
  await files.close();
  const names = readdirSync(dir);
  expect(names).toContain('files.db.unusable-3');
  expect(names).toContain('files.db.unusable-4');
});

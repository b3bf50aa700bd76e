import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { ledgerMigrations } from '../../src/ledger/ledger-schema.ts';
import { retiredIn } from '../../src/ledger/retired-peek.ts';
import { SqliteRetired } from '../../src/ledger/sqlite-retired.ts';
import { SqliteSourceUse } from '../../src/ledger/sqlite-source-use.ts';
import { SqliteTierShares } from '../../src/ledger/sqlite-tier-shares.ts';
import { openDatabase } from '../../src/lib/sqlite.ts';
import { scratch } from '../support/scratch.ts';
import { proofContract } from './proof.contract.ts';

proofContract('a SQLite file', () => {
  const file = join(scratch('state'), 'ledger.db');
  return {
    open: async () => {
      const db = openDatabase(file, ledgerMigrations);
      return {
        retired: new SqliteRetired(db),
        use: new SqliteSourceUse(db),
        shares: new SqliteTierShares(db),
        close: async () => db.close(),
      };
    },
  };
});

test('answers by tier take a bounded number of rows, however long the program runs', async () => {
  const db = openDatabase(join(scratch(), 'ledger.db'), ledgerMigrations);
  const shares = new SqliteTierShares(db);
  for (let minute = 0; minute < 40 * 60; minute += 5)
    await shares.add([{ tier: 'bucket', requests: 1, bytes: 1 }], 1_800_000_000_000 + minute * 60_000);
  expect((db.prepare('SELECT count(*) AS n FROM tier_shares').get() as { n: number }).n).toBeLessThanOrEqual(291);
  db.close();
});

test('who is retired is told without a ledger, of one from before there was such a thing, and of one that is in use', async () => {
  const dir = scratch();
  expect(retiredIn(join(dir, 'none.db'))).toEqual(new Set());
  const old = new DatabaseSync(join(dir, 'old.db'));
  old.exec('CREATE TABLE ledger (id TEXT)');
  old.close();
  expect(retiredIn(join(dir, 'old.db'))).toEqual(new Set());
  const file = join(dir, 'ledger.db');
  const db = openDatabase(file, ledgerMigrations);
  await new SqliteRetired(db).retire('basement', 1);
  expect(retiredIn(file)).toEqual(new Set(['basement']));
  db.close();
  expect(retiredIn(file)).toEqual(new Set(['basement']));
});

test('objects and bytes of a ledger from before they were counted are counted when it is opened', () => {
  const file = join(scratch(), 'ledger.db');
  const before = ledgerMigrations.findIndex((migration) => migration.includes('CREATE TABLE weights'));
  const old = openDatabase(file, ledgerMigrations.slice(0, before));
  old.exec(`INSERT INTO copies (key, status, since_ms, size) VALUES
    ('custom_emojis/a.png', 'copied', 1, 10), ('custom_emojis/b.png', 'copied', 1, 5), ('x.png', 'wanted', 1, NULL)`);
  old.close();
  const db = openDatabase(file, ledgerMigrations);
  expect(db.prepare('SELECT status, class, n, bytes FROM weights ORDER BY status').all()).toEqual([
    { status: 'copied', class: 'custom_emojis', n: 2, bytes: 15 },
    { status: 'wanted', class: 'other', n: 1, bytes: 0 },
  ]);
  db.close();
});

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { toldError } from '../../src/cli/told-error.ts';
import { isFailure } from '../../src/ledger/failures-schema.ts';
import { SqliteFailures } from '../../src/ledger/sqlite-failures.ts';
import { SqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { scratch } from '../support/scratch.ts';
import { failuresContract } from './failures.contract.ts';

failuresContract('a SQLite file', async () => {
  const file = join(scratch('state'), 'ledger.db');
  const ledger = new SqliteLedger(file, { batchMs: 0 });
  const at = <T>(use: (db: DatabaseSync) => T): T => {
    const db = new DatabaseSync(file);
    try {
      return use(db);
    } finally {
      db.close();
    }
  };
  return {
    ledger,
    failures: SqliteFailures.open(file),
    setLane: (key, lane) => at((db) => db.prepare('UPDATE copies SET lane = ? WHERE key = ?').run(lane, key)),
    laneOf: (key) =>
      at((db) => (db.prepare('SELECT lane FROM copies WHERE key = ?').get(key) as { lane: number }).lane),
  };
});

test('failures are found by their index, however many rows the ledger has', async () => {
  const file = join(scratch(), 'ledger.db');
  await new SqliteLedger(file, { batchMs: 0 }).close();
  const db = new DatabaseSync(file);
  const plan = (sql: string) =>
    (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail).join('; ');
  const place = `${isFailure} AND (reason, status, key) > ('a', 'b', 'c')`;
  const order = 'ORDER BY reason, status, key LIMIT 9';
  expect(plan(`SELECT * FROM copies INDEXED BY copies_failures WHERE ${place} AND reason <= 'z' ${order}`)).toMatch(
    /^SEARCH copies USING INDEX copies_failures \(\(reason,status,key\)>[^;]*$/,
  );
  expect(plan(`SELECT reason, status, key FROM copies INDEXED BY copies_failures WHERE ${place} ${order}`)).toMatch(
    /^SEARCH copies USING (COVERING )?INDEX copies_failures/,
  );
  db.close();
});

test('looking at failures leaves nothing beside the ledger', async () => {
  const file = join(scratch(), 'ledger.db');
  await new SqliteLedger(file, { batchMs: 0 }).close();
  const looking = SqliteFailures.peek(file);
  expect(await looking.page(undefined, 9)).toEqual([]);
  await expect(looking.retry('all', 1)).resolves.toBe(0);
  await looking.close();
});

test.each([
  ['an earlier', (ours: number) => ours - 1, /^start `upstairs serve` of this version once/],
  ['a later', (ours: number) => ours + 1, /^use that later version/],
])('looking at failures in a ledger of %s version changes nothing, and says what to do', async (whose, other, todo) => {
  const file = join(scratch(), 'ledger.db');
  await new SqliteLedger(file, { batchMs: 0 }).close();
  const db = new DatabaseSync(file);
  const versionOf = () => (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
  const version = other(versionOf());
  db.exec(`PRAGMA user_version=${version}`);
  const refusal = thrownBy(() => SqliteFailures.peek(file));
  expect(toldError(refusal, 'upstairs failures')).toEqual({
    code: 'LEDGER_VERSION',
    exit: 'failed',
    found: expect.stringContaining(`${file} was last written by ${whose} version`),
    expected: expect.stringMatching(/^a ledger of version \d+$/),
    todo: expect.stringMatching(todo),
  });
  expect(versionOf()).toBe(version);
  db.close();
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { prepareLedger } from '../../src/ledger/ledger-statements.ts';
import { SqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { scratch } from '../support/scratch.ts';
import { attempt, ledgerContract } from './ledger.contract.ts';

const run = promisify(execFile);

ledgerContract('a SQLite file', () => {
  const file = join(scratch('state'), 'ledger.db');
  return { open: async () => new SqliteLedger(file, { batchMs: 1 }) };
});

test('a ledger makes the directory it is to live in', async () => {
  const ledger = new SqliteLedger(join(scratch(), 'a', 'b', 'ledger.db'), { batchMs: 1 });
  await ledger.close();
});

test('a ledger of a later version of the program is refused and left as it is', async () => {
  const file = join(scratch(), 'ledger.db');
  await new SqliteLedger(file, { batchMs: 1 }).close();
  const later = new DatabaseSync(file);
  later.exec('PRAGMA user_version=99');
  later.close();
  expect(() => new SqliteLedger(file, { batchMs: 1 })).toThrow(/later version/);
  const untouched = new DatabaseSync(file);
  expect(untouched.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 });
  untouched.close();
});

test('a file that is no ledger is refused', () => {
  const file = join(scratch(), 'ledger.db');
  const other = new DatabaseSync(file);
  other.exec('CREATE TABLE ledger (something TEXT)');
  other.close();
  expect(() => new SqliteLedger(file, { batchMs: 1 })).toThrow();
});

test('many writes of one moment are one commit', async () => {
  const file = join(scratch(), 'ledger.db');
  const ledger = new SqliteLedger(file, { batchMs: 20 });
  const reader = new DatabaseSync(file, { readOnly: true });
  const version = () => (reader.prepare('PRAGMA data_version').get() as { data_version: number }).data_version;
  const before = version();
  await Promise.all(Array.from({ length: 500 }, (_, n) => ledger.ask(new Map([[`key ${n}`, 1]]), n, 0)));
  expect(version()).toBe(before + 1);
  reader.close();
  await ledger.close();
});

test('another process can read while this one writes, and sees whole changes only', async () => {
  const file = join(scratch(), 'ledger.db');
  const ledger = new SqliteLedger(file, { batchMs: 1 });
  const reader = `
    import { DatabaseSync } from 'node:sqlite';
    const db = new DatabaseSync(process.argv[1], { readOnly: true });
    const torn = db.prepare(
      "SELECT (SELECT count(*) FROM copies WHERE status = 'copied') <> (SELECT n FROM totals WHERE status = 'copied') AS torn");
    let reads = 0;
    for (const end = Date.now() + 300; Date.now() < end; reads++) if (torn.get().torn) process.exit(3);
    console.log(reads);`;
  let reading = true;
  const child = run(execPath, ['--input-type=module', '-e', reader, file]).finally(() => {
    reading = false;
  });
  let writes = 0;
  for (; reading; writes++)
    await ledger.change(`key ${writes % 50}`, { status: writes % 3 ? 'copied' : 'wanted', attempts: [] }, {}, writes);
  expect(Number((await child).stdout)).toBeGreaterThan(10);
  expect(writes).toBeGreaterThan(10);
  await ledger.close();
});

test('a write after closing is told so, and harms nobody', { timeout: 2000 }, async () => {
  const ledger = new SqliteLedger(join(scratch(), 'ledger.db'), { batchMs: 1 });
  await ledger.close();
  await expect(ledger.change('a', { attempts: [attempt('1')] }, {}, 1)).rejects.toThrow();
});

test('whose turn it is in either lane is read from an index, in order, whatever waits in the other', async () => {
  const file = join(scratch(), 'ledger.db');
  await new SqliteLedger(file, { batchMs: 1 }).close();
  const db = new DatabaseSync(file);
  const { due, backfillDue, backfillReady, lift } = prepareLedger({
    prepare: (sql: string) => ({ sql }) as unknown,
  } as DatabaseSync) as unknown as Record<string, { sql: string }> & { lift: { sql: string }[] };
  const plan = (statement: { sql: string } | undefined) =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${statement?.sql}`)
      .all(...Array.from({ length: statement?.sql.match(/\?/g)?.length ?? 0 }, () => 1))
      .map(({ detail }) => detail);
  expect(plan(due)).toEqual(['SCAN copies USING INDEX copies_wanted']);
  expect(plan(backfillDue)).toEqual(['SEARCH copies USING INDEX copies_backfill (source=?)']);
  expect(plan(backfillReady)).toEqual(['SEARCH copies USING INDEX copies_backfill (source=?)']);
  expect(plan(lift[0])).toEqual(['SEARCH copies USING INDEX copies_backfill (source=?)']);
  expect(plan(lift[1])).toEqual(['SCAN copies USING INDEX copies_not_before']);
  db.close();
});

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { SqliteVerifications } from '../../src/ledger/sqlite-verifications.ts';
import { scratch } from '../support/scratch.ts';
import { verification, verificationsContract } from './verifications.contract.ts';

verificationsContract('a SQLite file', () => {
  const file = join(scratch('state'), 'ledger.db');
  return { open: async () => new SqliteVerifications(file) };
});

test('a result is recorded beside a ledger that is being written, and old results are forgotten in the end', async () => {
  const file = join(scratch('state'), 'ledger.db');
  const ledger = new SqliteLedger(file, { batchMs: 1 });
  const store = new SqliteVerifications(file);
  for (let n = 0; n < 1050; n += 1) {
    if (n % 50 === 0) await ledger.ask(new Map([[`a/${n}`, 1]]), 1, 0);
    await store.record({ ...verification, beganMs: n, sources: n === 0 ? ['first'] : ['basement'] });
  }
  expect((await store.last('basement'))?.beganMs).toBe(1049);
  expect(await store.last('first')).toBeUndefined();
  expect((await ledger.counts(1)).byStatus.wanted).toBe(21);
  await store.close();
  await ledger.close();
});

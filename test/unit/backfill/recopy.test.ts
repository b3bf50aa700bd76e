import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Recopy } from '../../../src/backfill/recopy.ts';
import type { IdentityState } from '../../../src/bucket/identity.ts';
import type { Look } from '../../../src/bucket/object-store.ts';
import { SqliteLedger } from '../../../src/ledger/sqlite-ledger.ts';
import { type MarkRecord, unmarked } from '../../../src/marks/marks.ts';
import { Leases } from '../../../src/protocol/leases.ts';
import { scratch } from '../../support/scratch.ts';

const key = 'a.jpg';
let ledger: SqliteLedger;
let look: Look;
let marks: MarkRecord;
let identity: IdentityState;
let meanwhile: () => void;
let purged: string[];
let leases: Leases;

beforeEach(async () => {
  ledger = new SqliteLedger(join(scratch('state'), 'ledger.db'), { batchMs: 0 });
  await ledger.change(key, { status: 'copied' }, { size: 7, md5: 'ab', source: 'basement' }, 1000);
  look = { kind: 'missing' };
  marks = { mark: unmarked, intents: [] };
  identity = 'ours';
  meanwhile = () => undefined;
  purged = [];
  leases = new Leases();
});
afterEach(() => ledger.close());

const recopy = (copying = true) =>
  new Recopy({
    ledger,
    marks: { record: async () => marks },
    store: {
      look: async () => {
        meanwhile();
        return look;
      },
    },
    identity: { confirm: async () => identity },
    ...{ leases, copying, purge: (purgedKey) => purged.push(purgedKey), now: () => 5000 },
  }).recopy(key);
const status = async () => (await ledger.status(key))?.status;

test('a key that the bucket lost is wanted again at once, and forgotten as missing', async () => {
  expect(await recopy()).toEqual({ kind: 'wanted' });
  expect(await ledger.queued(key)).toEqual({ tries: 0, failures: 0, notBeforeMs: 5000, lookFirst: false });
  expect(await ledger.due(5000, 9)).toEqual([key]);
  expect(purged).toEqual([key]);
  expect(leases.taken(key)).toBe(false);
});

test('a key that the ledger does not know, or that was given up, is wanted too', async () => {
  await ledger.change(key, { status: 'refused' }, { reason: 'damaged' }, 2000);
  expect(await recopy()).toEqual({ kind: 'wanted' });
  expect(await ledger.list('wanted', 9)).toMatchObject([{ key, reason: undefined }]);
});

test.each([
  ['closed by an upload', { below: 'closed', shown: 'public' }],
  ['deleted', { below: 'closed', shown: 'gone' }],
  ['deleted', { below: 'open', shown: 'gone' }],
] as const)('a key that was %s stays what it is', async (_what, facts) => {
  marks = { mark: { generation: 2, ...facts }, intents: [] };
  expect(await recopy()).toEqual({ kind: 'closed' });
  expect(await status()).toBe('copied');
});

test('a key whose upload by a client has no known outcome stays what it is', async () => {
  const intent = { id: 'i', kind: 'put', generation: 1, before: unmarked } as const;
  marks = { mark: { ...unmarked, generation: 1 }, intents: [intent] };
  expect(await recopy()).toEqual({ kind: 'unsettled' });
  expect(await status()).toBe('copied');
});

test('a key that a client changes at that moment stays what it is', async () => {
  meanwhile = () => leases.disturb(key);
  expect(await recopy()).toEqual({ kind: 'unsettled' });
  expect(await status()).toBe('copied');
});

test('an object that is there is not touched, nor is its record', async () => {
  look = { kind: 'object', facts: { size: 9, md5: 'cd', acl: 'public' } };
  expect(await recopy()).toEqual({ kind: 'exists', size: 9, md5: 'cd' });
  expect(await status()).toBe('copied');
});

test('nothing is decided while the bucket cannot be asked, or is not the right one', async () => {
  look = { kind: 'unavailable', trouble: 'timeout' };
  expect(await recopy()).toEqual({ kind: 'unavailable' });
  look = { kind: 'missing' };
  identity = 'other';
  expect(await recopy()).toEqual({ kind: 'unavailable' });
  expect(await status()).toBe('copied');
});

test('nothing is copied in phase: front', async () => {
  expect(await recopy(false)).toEqual({ kind: 'front' });
  expect(await status()).toBe('copied');
});

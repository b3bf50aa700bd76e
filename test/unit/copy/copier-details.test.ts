import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PutAnswer } from '../../../src/bucket/object-store.ts';
import { SqliteFailures } from '../../../src/ledger/sqlite-failures.ts';
import { SourceReadError } from '../../../src/sources/source.ts';
import { CopierWorld, key, rules } from './copier-world.ts';
import { fakeBody } from './fake-body.ts';

let world: CopierWorld;
let failures: SqliteFailures;

beforeEach(async () => {
  world = new CopierWorld();
  failures = SqliteFailures.open(join(world.dir, 'ledger.db'));
  await world.ask();
});
afterEach(async () => {
  await failures.close();
  await world.close();
});

const failure = async () => (await failures.page(undefined, 9))[0];
const picture = { source: 'basement', size: 7, mtime: fakeBody('picture').mtime };

test('a bad sector is kept with its place and the file', async () => {
  const error = new SourceReadError('EIO', 'basement: EIO at byte 4 of 7', { detail: 'EIO at byte 4 of 7' });
  world.below = fakeBody('picture', { whole: () => Promise.reject(error) });
  await world.copy();
  expect(await failure()).toMatchObject({ key, reason: 'damaged', detail: 'EIO at byte 4 of 7', file: picture });
});

test('what the store said to an upload is kept', async () => {
  const refusal: PutAnswer = { kind: 'refused', status: 400, code: 'BadDigest' };
  world.store.answers = [refusal];
  await world.copy();
  expect(await failure()).toMatchObject({
    ...{ reason: 'store-refused', detail: 'the store answered 400 BadDigest', file: picture, state: 'waiting' },
  });
});

test('what a source said of a file that it could not even open is kept', async () => {
  const had = { reason: 'damaged', detail: 'basement: EIO (open)' } as const;
  await world.copier({ forCopy: async () => had }).run(rules, key, 'copy', undefined, new AbortController().signal);
  expect(await failure()).toMatchObject({ reason: 'damaged', detail: 'basement: EIO (open)', file: undefined });
});

test('a file that is too large is kept with its size and the limit', async () => {
  world.below = fakeBody('x'.repeat(1001));
  await world.copy();
  expect(await failure()).toMatchObject({
    ...{ reason: 'too-large', state: 'given-up', detail: '1001 bytes are more than 1000', file: { size: 1001 } },
  });
});

test('a file that is not below any more is no failure', async () => {
  world.below = 'gone-below';
  await world.copy();
  expect(await failure()).toBeUndefined();
  expect(world.ended).toMatchObject([{ outcome: { type: 'later', reason: 'gone-below' }, givenUp: true }]);
});

test('a copy that succeeds in the end leaves nothing of what failed before', async () => {
  world.store.answers = [{ kind: 'refused', status: 400, code: 'BadDigest' }];
  await world.copy();
  expect(await failures.retry({ keys: [key] }, world.nowMs)).toBe(1);
  await world.copy();
  expect(await world.ledger.status(key)).toMatchObject({ status: 'copied' });
  expect(await failure()).toBeUndefined();
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { SourcesInUse } from '../../../src/media/sources-in-use.ts';
import { eventually } from '../../support/eventually.ts';

let retired: string[];
let broken: boolean;
let told: [string, boolean][];
let failures: number;
let inUse: SourcesInUse;

const begin = () =>
  SourcesInUse.begin({
    retired: {
      all: async () => {
        if (broken) throw new Error('the ledger cannot be read');
        return retired.map((source) => ({ source, sinceMs: 5 }));
      },
    },
    configured: ['basement', 'attic'],
    everyMs: 1,
    turned: (name, used) => told.push([name, used]),
    failed: () => {
      failures += 1;
    },
  });

beforeEach(async () => {
  retired = ['attic', 'not-configured-any-more'];
  broken = false;
  told = [];
  failures = 0;
  inUse = await begin();
});
afterEach(() => inUse.stop());

test('a source that was retired before the start is not in use, and one that is not configured is nobody', () => {
  expect([inUse.names, [...inUse.retired], told]).toEqual([['basement'], [['attic', 5]], []]);
});

test('what a command writes is followed by itself', async () => {
  retired = ['basement'];
  await eventually(() => told.length === 2, { everyMs: 1 });
  expect(told).toEqual([
    ['basement', false],
    ['attic', true],
  ]);
  expect([inUse.has('basement'), inUse.has('attic'), inUse.names]).toEqual([false, true, ['attic']]);
});

test('while it cannot be looked up, all stays as it was', async () => {
  broken = true;
  await eventually(() => failures > 2, { everyMs: 1 });
  expect([inUse.names, told]).toEqual([['basement'], []]);
  await expect(begin()).rejects.toThrow('the ledger cannot be read');
});

import { expect, test } from 'vitest';
import { type StandingFacts, standingNow } from '../../../src/history/standing.ts';
import type { Weight } from '../../../src/ledger/ledger-summary.ts';

const weight = (status: Weight['status'], objects: number, bytes: number): Weight => ({
  ...{ status, objects, bytes },
  class: 'other',
});
const facts = (change: Partial<StandingFacts> = {}): StandingFacts => ({
  summary: {
    weights: async () => [
      weight('copied', 3, 30),
      weight('copied', 2, 20),
      weight('superseded', 1, 5),
      weight('refused', 7, 700),
      weight('wanted', 4, 44),
    ],
  },
  listing: async () => undefined,
  left: async () => ({ files: 10, bytes: 1000 }),
  ...change,
});
const listing = (objects: number) => ({ beganMs: 0, endedMs: 1, objects, bytes: 99 });

test('above is what copies brought, and below what is planned or waits', async () => {
  expect(await standingNow(facts())).toEqual({ above: { files: 6, bytes: 55 }, below: { files: 14, bytes: 1044 } });
});

test('above is what the listing met where that is more', async () => {
  expect((await standingNow(facts({ listing: async () => listing(7) }))).above).toEqual({ files: 7, bytes: 99 });
  expect((await standingNow(facts({ listing: async () => listing(6) }))).above).toEqual({ files: 6, bytes: 55 });
});

test('without a plan it is not known what is below', async () => {
  expect((await standingNow(facts({ left: async () => undefined }))).below).toBeUndefined();
});

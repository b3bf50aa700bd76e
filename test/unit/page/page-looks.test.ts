import { expect, test, vi } from 'vitest';
import { PageLooks, type PageLooksOptions } from '../../../src/page/page-looks.ts';
import { evening, madeUpFacts, madeUpSamples } from '../../support/made-up-page.ts';

const facts = madeUpFacts();

function looks(change: Partial<PageLooksOptions> = {}) {
  const clock = { nowMs: evening };
  const options = {
    status: vi.fn(async () => facts.status),
    backfill: vi.fn(async () => facts.backfill),
    history: { since: vi.fn(async (ms: number, atMost: number) => madeUpSamples(evening - ms, atMost)) },
    failures: { counts: vi.fn(async () => facts.failures ?? []) },
    failed: vi.fn(),
  };
  return { clock, ...options, looks: new PageLooks({ ...options, now: () => clock.nowMs, ...change }) };
}

test('however many pages ask, the facts are looked up once a second, and what changes slowly more seldom', async () => {
  const { clock, looks: page, status, history, failures } = looks();
  await Promise.all(Array.from({ length: 100 }, () => page.facts()));
  expect([status, history.since, failures.counts].map(({ mock }) => mock.calls.length)).toEqual([1, 2, 1]);
  clock.nowMs += 1000;
  await page.facts();
  expect([status, history.since, failures.counts].map(({ mock }) => mock.calls.length)).toEqual([2, 2, 1]);
  clock.nowMs += 30_000;
  await page.facts();
  expect([status, history.since, failures.counts].map(({ mock }) => mock.calls.length)).toEqual([3, 4, 2]);
});

test('failures without number keep no page waiting: they are told once they are counted', async () => {
  let counted = (_: readonly never[]) => {};
  const counts = () => new Promise<readonly never[]>((resolve) => (counted = resolve));
  const { clock, looks: page } = looks({ failures: { counts } });
  expect((await page.facts()).failures).toBeUndefined();
  counted([]);
  clock.nowMs += 1000;
  await vi.waitFor(async () => {
    clock.nowMs += 1000;
    expect((await page.facts()).failures).toEqual([]);
  });
});

test('failures that cannot be counted are told to the log, and the page has the rest', async () => {
  const counts = async () => {
    throw new Error('the ledger is busy');
  };
  const { looks: page, failed } = looks({ failures: { counts } });
  expect((await page.facts()).status).toBe(facts.status);
  expect(failed).toHaveBeenCalledTimes(1);
});

test('graphs are made once in ten seconds for each span', async () => {
  const { clock, looks: page, history } = looks();
  const [first, second, other] = await Promise.all([page.graphs('1h'), page.graphs('1h'), page.graphs('7d')]);
  expect([first === second, first.span, other.span]).toEqual([true, '1h', '7d']);
  expect(history.since).toHaveBeenCalledTimes(4);
  for (const [, atMost] of history.since.mock.calls) expect(atMost).toBeLessThanOrEqual(240);
  clock.nowMs += 10_000;
  expect(await page.graphs('1h')).not.toBe(first);
});

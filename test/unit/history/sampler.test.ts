import { expect, onTestFinished, test, vi } from 'vitest';
import type { Sample } from '../../../src/history/history.ts';
import { Sampler, type SamplerOptions } from '../../../src/history/sampler.ts';

const beginMs = Date.UTC(2026, 0);

/** A sampler, its clocks, and what it added. */
function sampling(change: Partial<SamplerOptions> = {}) {
  const clock = { nowMs: beginMs, steadyMs: 500 };
  const added: Sample[] = [];
  const failures: unknown[] = [];
  const sampler = new Sampler({
    history: { add: async (sample) => void added.push(sample) },
    everyMs: 10_000,
    sources: () => ['basement', 'attic'],
    latencyMs: (source, withinMs) => (source === 'basement' ? withinMs / 1000 : undefined),
    standing: async () => ({ above: { files: 1, bytes: 2 }, below: undefined }),
    now: () => clock.nowMs,
    steadyNow: () => clock.steadyMs,
    failed: (error) => void failures.push((error as Error).message),
    ...change,
  });
  const pass = (ms: number) => {
    clock.nowMs += ms;
    clock.steadyMs += ms;
  };
  return { sampler, clock, added, failures, pass };
}

test('a sample tells what was counted since the one before, and how things stand', async () => {
  const { sampler, added, pass, failures } = sampling();
  sampler.answered('cache', 5);
  sampler.answered('basement', 7);
  sampler.answered('cache', 1);
  sampler.copied(7);
  sampler.copied(8);
  sampler.copyGivenUp();
  sampler.storeTroubled();
  sampler.sourceTroubled('basement');
  sampler.sourceTroubled('retired');
  pass(10_004);
  await sampler.sample();
  pass(9_996);
  await sampler.sample();
  expect(added).toEqual([
    {
      ...{ endMs: beginMs + 10_004, spanMs: 10_004, failed: 1, storeErrors: 1 },
      answered: [
        { tier: 'basement', requests: 1, bytes: 7 },
        { tier: 'cache', requests: 2, bytes: 6 },
      ],
      copied: { files: 2, bytes: 15 },
      sources: [
        { source: 'attic', latencyMs: undefined, errors: 0 },
        { source: 'basement', latencyMs: 10.004, errors: 1 },
        { source: 'retired', latencyMs: undefined, errors: 1 },
      ],
      ...{ above: { files: 1, bytes: 2 }, below: undefined },
    },
    expect.objectContaining({ answered: [], copied: { files: 0, bytes: 0 }, failed: 0, storeErrors: 0, spanMs: 9_996 }),
  ]);
  expect(failures).toEqual([]);
});

test('what could not be written down is in the next sample, and is told', async () => {
  let full = true;
  const written: Sample[] = [];
  const add = async (sample: Sample) => {
    if (full) throw new Error('disk full');
    written.push(sample);
  };
  const { sampler, pass, failures } = sampling({ history: { add } });
  for (let n = 0; n < 3; n++) {
    sampler.answered('cache', 10);
    pass(10_000);
    await sampler.sample();
  }
  full = false;
  pass(10_000);
  await sampler.sample();
  expect(written).toMatchObject([
    { endMs: beginMs + 40_000, spanMs: 40_000, answered: [{ tier: 'cache', requests: 3, bytes: 30 }] },
  ]);
  expect(failures).toEqual(['disk full', 'disk full', 'disk full']);
  pass(10_000);
  await sampler.sample();
  expect(written[1]).toMatchObject({ spanMs: 10_000, answered: [] });
});

test('what was counted is kept where it cannot be told how things stand', async () => {
  const standing = async () => {
    throw new Error('busy');
  };
  const { sampler, added, failures, pass } = sampling({ standing });
  sampler.copied(3);
  pass(10_000);
  await sampler.sample();
  expect(added).toMatchObject([{ copied: { files: 1, bytes: 3 } }]);
  expect(added[0]).toMatchObject({ above: undefined, below: undefined });
  expect(failures).toEqual(['busy']);
});

test('a clock that is put back changes when a sample ends, and not how long it was', async () => {
  const { sampler, clock, added, pass } = sampling();
  pass(10_000);
  await sampler.sample();
  clock.nowMs -= 3_600_000;
  pass(10_000);
  await sampler.sample();
  expect(added.map(({ endMs, spanMs }) => [endMs - beginMs, spanMs])).toEqual([
    [10_000, 10_000],
    [20_000 - 3_600_000, 10_000],
  ]);
});

test('it takes a sample every ten seconds, and one when it stops', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { sampler, added } = sampling();
  sampler.start();
  await vi.advanceTimersByTimeAsync(30_500);
  expect(added.length).toBe(3);
  sampler.answered('cache', 1);
  await sampler.stop();
  expect(added.length).toBe(4);
  expect(added[3]?.answered).toEqual([{ tier: 'cache', requests: 1, bytes: 1 }]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(added.length).toBe(4);
});

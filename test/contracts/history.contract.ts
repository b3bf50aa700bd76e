import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { History, Sample } from '../../src/history/history.ts';
import { sampleAt, sumsOf } from '../support/samples-of-history.ts';

export interface HistoryWorld {
  /** Opens the same history, again too. It rolls up soon: ten seconds are kept for a minute, a minute for ten, a quarter of an hour for some hours. */
  open(now: () => number): Promise<History>;
}

const quarterMs = 900_000;
/** The first moment of a quarter of an hour. */
const beginMs = Date.UTC(2026, 0);

const name = fc.constantFrom('cache', 'bucket', 'basement', 'constructor');
const count = fc.integer({ min: 0, max: 2 ** 40 });
const amount = fc.record({ files: count, bytes: count });
const byName = <T>(one: fc.Arbitrary<T>, of: (one: T) => string) => fc.uniqueArray(one, { selector: of, maxLength: 3 });
/** What happened within ten seconds, after a pause of so many times ten. */
const events = fc.array(
  fc.record({
    pause: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 300 })),
    answered: byName(fc.record({ tier: name, requests: count, bytes: count }), ({ tier }) => tier),
    copied: amount,
    failed: count,
    storeErrors: count,
    sources: byName(
      fc.record({
        source: name,
        latencyMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
        errors: count,
      }),
      ({ source }) => source,
    ),
    above: fc.option(amount, { nil: undefined }),
    below: fc.option(amount, { nil: undefined }),
  }),
  { minLength: 1, maxLength: 150 },
);

/** What every implementation of History has to keep. */
export function historyContract(implementation: string, fresh: () => HistoryWorld): void {
  const opened = async (world = fresh()) => {
    const clock = { nowMs: beginMs };
    const history = await world.open(() => clock.nowMs);
    onTestFinished(() => history.close());
    /** Adds what ends now. */
    const add = async (change: Partial<Sample> = {}) => await history.add(sampleAt(clock.nowMs, change));
    return { history, clock, add };
  };

  describe(`history in ${implementation}`, () => {
    test('what was added is told as it was, oldest first', async () => {
      const { history, clock, add } = await opened();
      const told: Sample = {
        ...{ endMs: beginMs + 10_000, spanMs: 9_999, failed: 3, storeErrors: 4 },
        answered: [{ tier: 'basement', requests: 2, bytes: 5e12 }],
        copied: { files: 1, bytes: 2 },
        sources: [
          { source: 'attic', latencyMs: undefined, errors: 0 },
          { source: 'basement', latencyMs: 12.5, errors: 7 },
        ],
        ...{ above: { files: 8, bytes: 9 }, below: { files: 0, bytes: 0 } },
      };
      clock.nowMs += 10_000;
      await history.add(told);
      clock.nowMs += 10_000;
      await add();
      expect(await history.since(beginMs, 10)).toEqual([told, sampleAt(beginMs + 20_000)]);
      expect(await history.since(beginMs + 10_000, 10)).toEqual([sampleAt(beginMs + 20_000)]);
      expect(await history.since(beginMs + 20_000, 10)).toEqual([]);
    });

    test('nothing is told of a history that has none', async () => {
      const { history } = await opened();
      expect(await history.since(0, 1)).toEqual([]);
    });

    test('whatever happened, and however long ago, its sums are kept by every rolling up', async () => {
      await fc.assert(
        fc.asyncProperty(events, fc.integer({ min: 1, max: 40 }), fc.nat(12), async (happened, atMost, skipped) => {
          const clock = { nowMs: beginMs };
          const history = await fresh().open(() => clock.nowMs);
          const samples: Sample[] = [];
          for (const { pause, ...facts } of happened) {
            clock.nowMs += (pause + 1) * 10_000;
            const sample = { ...facts, endMs: clock.nowMs, spanMs: 10_000 };
            samples.push(sample);
            await history.add(sample);
          }
          const sinceMs = beginMs + skipped * quarterMs;
          const real = samples.filter(({ endMs }) => endMs > sinceMs);
          const told = await history.since(sinceMs, atMost);
          expect(sumsOf(told)).toEqual(sumsOf(real));
          expect(told.length).toBeLessThanOrEqual(atMost);
          let afterMs = sinceMs;
          for (const one of told) {
            const within = real.filter(({ endMs }) => endMs > afterMs && endMs <= one.endMs);
            expect(sumsOf([one])).toEqual(sumsOf(within));
            expect(one.endMs).toBe(within.at(-1)?.endMs);
            expect(one.above).toEqual(within.findLast(({ above }) => above)?.above);
            expect(one.below).toEqual(within.findLast(({ below }) => below)?.below);
            expect(worstLatencies([one])).toEqual(worstLatencies(within));
            afterMs = one.endMs;
          }
          await history.close();
        }),
        { numRuns: 60 },
      );
    });

    test('what is old is told in longer spans, and what is new as it was', async () => {
      const { history, clock, add } = await opened();
      for (let n = 0; n < 360; n++) {
        clock.nowMs += 10_000;
        await add();
      }
      const told = await history.since(beginMs, 10_000);
      expect(told.at(-1)).toMatchObject({ endMs: clock.nowMs, spanMs: 10_000 });
      expect(told.at(0)).toMatchObject({ endMs: beginMs + quarterMs, spanMs: quarterMs });
      expect(told.length).toBeLessThan(40);
      expect(sumsOf(told)['cache requests']).toBe(360);
    });

    test('it is there after a restart, and the time without the program is a gap', async () => {
      const world = fresh();
      const clock = { nowMs: beginMs + 10_000 };
      const before = await world.open(() => clock.nowMs);
      await before.add(sampleAt(clock.nowMs));
      await before.close();
      clock.nowMs += 3_600_000;
      const after = await world.open(() => clock.nowMs);
      onTestFinished(() => after.close());
      await after.add(sampleAt(clock.nowMs));
      const [first, second] = await after.since(beginMs, 2);
      expect(second!.endMs - second!.spanMs - first!.endMs).toBe(3_600_000 - 10_000);
    });

    test('a clock that is put back makes nothing fail, loses nothing, and what it left ahead is told in its time', async () => {
      const { history, clock, add } = await opened();
      for (const [minutes, at] of [0, 1, 2, 600, 601, 3, 4, 2, 5].entries()) {
        clock.nowMs = beginMs + at * 60_000 + minutes;
        await add();
      }
      const now = await history.since(0, 100);
      expect(now.map(({ endMs }) => Math.floor((endMs - beginMs) / 60_000))).toEqual([0, 1, 2, 3, 4, 5]);
      expect(sumsOf(now)['cache requests']).toBe(7);
      clock.nowMs = beginMs + 700 * 60_000;
      expect(sumsOf(await history.since(0, 100))['cache requests']).toBe(9);
    });

    test('a clock that was wrong for a while costs nothing of what was before', async () => {
      const { history, clock, add } = await opened();
      for (let n = 0; n < 200; n++) {
        clock.nowMs += 60_000;
        await add();
      }
      const rightMs = clock.nowMs;
      for (const wrongMs of [0, Date.UTC(2106, 1)])
        for (let n = 1; n <= 6; n++) {
          clock.nowMs = wrongMs + n * 10_000;
          await add();
        }
      clock.nowMs = rightMs;
      expect(sumsOf(await history.since(beginMs, 10_000))['cache requests']).toBe(200);
    });

    test('what is asked for while something is added is told once', async () => {
      const { history, clock, add } = await opened();
      for (let n = 1; n <= 900; n++) {
        clock.nowMs += 10_000;
        await add();
      }
      const [told] = await Promise.all([history.since(0, 500), add()]);
      expect(sumsOf(told)['cache requests']).toBe(900);
    });
  });
}

function worstLatencies(samples: readonly Sample[]): Record<string, number> {
  const worst: Record<string, number> = Object.create(null);
  for (const { source, latencyMs } of samples.flatMap(({ sources }) => sources))
    if (latencyMs !== undefined) worst[source] = Math.max(worst[source] ?? 0, latencyMs);
  return { ...worst };
}

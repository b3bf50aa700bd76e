import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Heat, KnownHeat, LogRead } from '../../src/ledger/heat.ts';

export interface HeatOptions {
  halfLifeMs: number;
  maxKeys: number;
  nowMs: number;
}

export interface HeatWorld {
  /** Opens the same heat, again too. */
  open(options: HeatOptions): Promise<Heat>;
}

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 0);
const week = { halfLifeMs: 7 * dayMs, maxKeys: 1000, nowMs };

/** What every implementation of Heat has to keep. */
export function heatContract(name: string, fresh: () => HeatWorld): void {
  const opened = async (options = week, world = fresh()) => {
    const heat = await world.open(options);
    onTestFinished(() => heat.close());
    return heat;
  };
  const of = async (heat: Heat, key: string, atMs = nowMs) => (await heat.of([key], atMs)).get(key);
  const log = (n: number, takenBytes = 10): LogRead => ({
    headBytes: 5,
    headHash: `h${n}`,
    takenBytes,
    takenHash: 't',
  });

  describe(`heat in ${name}`, () => {
    test('a view counts half after a half-life', async () => {
      const heat = await opened();
      await heat.add([{ key: 'a', views: 8, atMs: nowMs }], nowMs);
      expect(await of(heat, 'a')).toBeCloseTo(8);
      expect(await of(heat, 'a', nowMs + 7 * dayMs)).toBeCloseTo(4);
      expect(await of(heat, 'a', nowMs + 70 * dayMs)).toBeCloseTo(8 / 1024);
    });

    test('views of different times add up, in whatever order they are told', async () => {
      const views = fc.array(
        fc.record({ views: fc.integer({ min: 1, max: 1000 }), ageDays: fc.integer({ min: 0, max: 400 }) }),
        { minLength: 1, maxLength: 12 },
      );
      await fc.assert(
        fc.asyncProperty(views, async (told) => {
          const heat = await fresh().open(week);
          for (const { views, ageDays } of told)
            await heat.add([{ key: 'a', views, atMs: nowMs - ageDays * dayMs }], nowMs);
          const sum = told.reduce((total, { views, ageDays }) => total + views * 2 ** (-ageDays / 7), 0);
          expect((await of(heat, 'a'))! / sum).toBeCloseTo(1, 5);
          await heat.close();
        }),
        { numRuns: 20 },
      );
    });

    test('years of silence and logs of many years ago are numbers like any other', async () => {
      const heat = await opened();
      await heat.add(
        [
          { key: 'old', views: 1e6, atMs: nowMs - 20 * 365 * dayMs },
          { key: 'new', views: 1, atMs: nowMs },
        ],
        nowMs,
      );
      expect(await of(heat, 'old')).toBeLessThan(1e-200);
      expect(await of(heat, 'old')).toBeGreaterThanOrEqual(0);
      expect(await of(heat, 'new', nowMs + 50 * 365 * dayMs)).toBeGreaterThanOrEqual(0);
    });

    test('a clock that runs ahead makes nothing hotter than what is asked for now', async () => {
      const heat = await opened();
      await heat.add([{ key: 'a', views: 1, atMs: nowMs + 1000 * dayMs }], nowMs);
      expect(await of(heat, 'a')).toBeCloseTo(1);
    });

    test('keys that nobody asked for are not known', async () => {
      const heat = await opened();
      await heat.add([{ key: 'a', views: 1, atMs: nowMs }], nowMs);
      expect([...(await heat.of(['b', 'a', ''], nowMs)).keys()]).toEqual(['a']);
      expect(await heat.keys()).toBe(1);
    });

    test('the hottest come first, page by page, each once, also those that are as hot as others', async () => {
      const heat = await opened();
      const views = Array.from({ length: 23 }, (_, n) => ({ key: `k${n}`, views: 1 + (n % 5), atMs: nowMs }));
      await heat.add(views, nowMs);
      const laterMs = nowMs + 7 * dayMs;
      const told: KnownHeat[] = [];
      for (;;) {
        const page = await heat.hottest(told.at(-1), 4, laterMs);
        told.push(...page);
        if (page.length < 4) break;
      }
      expect(told.map(({ heat }) => Math.round(heat * 2))).toEqual(
        views.map(({ views }) => views).sort((a, b) => b - a),
      );
      expect(new Set(told.map(({ key }) => key)).size).toBe(23);
      expect(told[0]?.heat).toBeCloseTo((await of(heat, told[0]!.key, laterMs))!);
      expect(await (await opened()).hottest(undefined, 4, nowMs)).toEqual([]);
    });

    test('past so many keys the coldest are forgotten', async () => {
      const heat = await opened({ ...week, maxKeys: 10 });
      for (let n = 0; n < 30; n += 1)
        await heat.add([{ key: `k${n}`, views: 1 + (n % 3), atMs: nowMs - n * dayMs * 20 }], nowMs);
      expect(await heat.keys()).toBe(10);
      expect([
        ...(
          await heat.of(
            Array.from({ length: 30 }, (_, n) => `k${n}`),
            nowMs,
          )
        ).keys(),
      ]).toEqual(Array.from({ length: 10 }, (_, n) => `k${n}`));
      await heat.add(
        Array.from({ length: 25 }, (_, n) => ({ key: `hot${n}`, views: 9, atMs: nowMs })),
        nowMs,
      );
      expect(await heat.keys()).toBe(10);
      expect(await of(heat, 'k0')).toBeUndefined();
    });

    test('another half-life lets what was measured age at its pace from then on', async () => {
      const world = fresh();
      const before = await opened(week, world);
      await before.add(
        [
          { key: 'a', views: 16, atMs: nowMs },
          { key: 'b', views: 4, atMs: nowMs - 7 * dayMs },
        ],
        nowMs,
      );
      const laterMs = nowMs + 14 * dayMs;
      const after = await opened({ ...week, halfLifeMs: dayMs, nowMs: laterMs }, world);
      expect(await of(after, 'a', laterMs)).toBeCloseTo(4);
      expect(await of(after, 'a', laterMs + 2 * dayMs)).toBeCloseTo(1);
      await after.add([{ key: 'a', views: 3, atMs: laterMs + 2 * dayMs }], laterMs + 2 * dayMs);
      expect(await of(after, 'a', laterMs + 2 * dayMs)).toBeCloseTo(4);
      expect(await of(after, 'b', laterMs)).toBeCloseTo(0.5);
    });

    test('what was measured and how far logs were read is there after a restart', async () => {
      const world = fresh();
      const before = await world.open(week);
      await before.add([{ key: 'a', views: 3, atMs: nowMs }], nowMs, log(1));
      await before.close();
      const after = await opened(week, world);
      expect(await of(after, 'a')).toBeCloseTo(3);
      expect(await after.logs()).toEqual([log(1)]);
    });

    test('a log is remembered once, as far as it was read last, and the newest come first', async () => {
      const heat = await opened();
      for (const read of [log(1), log(2), log(1, 99)]) await heat.add([], nowMs, read);
      expect(await heat.logs()).toEqual([log(1, 99), log(2)]);
    });

    test('views that cannot be written down leave the log unread', async () => {
      const heat = await opened();
      const wrong = { key: 'b', views: Number.NaN, atMs: nowMs };
      await expect(heat.add([{ key: 'a', views: 1, atMs: nowMs }, wrong], nowMs, log(1))).rejects.toThrow();
      expect(await of(heat, 'a')).toBeUndefined();
      expect(await heat.logs()).toEqual([]);
      await heat.add([{ key: 'a', views: 1, atMs: nowMs }], nowMs);
      expect(await of(heat, 'a')).toBeCloseTo(1);
    });
  });
}

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Drain } from '../../../src/backfill/drain.ts';
import type { Orders, Standing } from '../../../src/backfill/orders.ts';
import type { PaceLimits } from '../../../src/copy/copy-pace.ts';
import type { TurnEnd } from '../../../src/copy/copy-turn.ts';
import type { CopyReason } from '../../../src/ledger/ledger.ts';
import { SqliteLedger } from '../../../src/ledger/sqlite-ledger.ts';
import { type Mark, noMarks } from '../../../src/marks/marks.ts';
import { eventually } from '../../support/eventually.ts';
import { scratch } from '../../support/scratch.ts';
import { MemoryPlan } from './memory-plan.ts';

const startMs = 1_700_000_000_000;
const running: Standing = {
  run: 'running',
  by: 'configuration',
  bytesPerSecond: undefined,
  objectsPerSecond: undefined,
};
const later = (reason: CopyReason): TurnEnd => ({ outcome: { type: 'later', reason }, givenUp: false, bytes: 0 });
const copied: TurnEnd = { outcome: { type: 'copied' }, givenUp: false, bytes: 1000 };

describe('the drain', () => {
  let ledger: SqliteLedger;
  let plan: MemoryPlan;
  let drain: Drain;
  let nowMs: number;
  let standing: Standing;
  let told: string[];
  let limits: PaceLimits | undefined;
  let listener: ((standing: Standing) => void) | undefined;
  let slowDownMs: number;
  const marks = new Map<string, Partial<Mark>>();
  const readers = new Map<string, number>();
  const retired = new Set<string>();
  const orders: Orders = {
    current: () => standing,
    onChange: (heard) => {
      listener = heard;
      return () => {
        listener = undefined;
      };
    },
  };

  beforeEach(() => {
    ledger = new SqliteLedger(join(scratch(), 'ledger.db'), { batchMs: 0 });
    plan = new MemoryPlan();
    nowMs = startMs;
    standing = running;
    told = [];
    marks.clear();
    readers.clear();
    slowDownMs = 0;
    retired.clear();
    const strain = (name: string) => ({
      inUse: () => !retired.has(name),
      latency: () => ({ p90Ms: 1, samples: 50 }),
      readers: () => readers.get(name) ?? 0,
      operations: 8,
    });
    drain = new Drain({
      plan,
      orders,
      ledger,
      marks: { get: async (key) => ({ ...noMarks.mark, ...marks.get(key) }) },
      pace: {
        limitBackfill: (changed) => {
          limits = changed;
        },
        get slowDownMs() {
          return slowDownMs;
        },
      },
      sources: new Map(['basement', 'attic'].map((name) => [name, strain(name)])),
      most: 4,
      rest: { errors: 8, firstMs: 600_000, mostMs: 7_200_000 },
      now: () => nowMs,
      events: {
        standing: ({ run, by }) => told.push(`${run} by ${by}`),
        planned: (files) => told.push(`planned ${files}`),
        sourcePaused: (source, why, untilMs) => told.push(`${source} ${why} ${(untilMs - nowMs) / 1000} s`),
        done: ({ files }) => told.push(`done ${files}`),
        copied: () => undefined,
        failed: (error) => told.push(`${error}`),
      },
    });
  });
  afterEach(async () => {
    await drain.stop();
    await ledger.close();
  });

  const files = (count: number, source = 'basement', from = 0) =>
    Array.from({ length: count }, (_, n) => ({
      key: `${source}/${String(from + n).padStart(5, '0')}`,
      source,
      size: 1000,
      rank: n,
    }));
  const inLane = (source = 'basement') => ledger.backfillDue(source, nowMs, 10_000);
  /** Looks until a plan is made and taken from as far as it goes now. */
  const settle = async () => {
    await eventually(
      async () => {
        while ((await drain.look()) === 0);
        expect((await drain.facts()).state).not.toBe('planning');
        while ((await drain.look()) === 0);
      },
      { withinMs: 10_000, everyMs: 5 },
    );
  };
  const finish = async (count: number, source = 'basement', end = copied) => {
    const keys = (await inLane(source)).slice(0, count);
    for (const key of keys) {
      if (end.outcome.type === 'copied') await ledger.change(key, { status: 'copied' }, {}, nowMs);
      drain.ended(source, key, end);
    }
    return keys;
  };

  test('makes a plan where there is none, and puts a window of each source into the lane, in its order', async () => {
    plan.below = [...files(1000), ...files(3, 'attic')];
    await settle();
    expect((await inLane()).length).toBeLessThanOrEqual(512);
    expect((await inLane()).slice(0, 300)).toEqual(
      files(300)
        .map(({ key }) => key)
        .slice(0, (await inLane()).length),
    );
    expect(await inLane('attic')).toEqual(files(3, 'attic').map(({ key }) => key));
    expect([plan.made, told]).toEqual([1, ['planned 1003']]);
  });

  test('carries the plan up to its end, fills the window as it empties, and says when it is through', async () => {
    plan.below = files(1000);
    await settle();
    const done: string[] = [];
    for (let turn = 0; turn < 40 && done.length < 1000; turn++) {
      const size = (await inLane()).length;
      expect(size).toBeLessThanOrEqual(384);
      done.push(...(await finish(100)));
      nowMs += 1000;
      await settle();
    }
    expect(done).toEqual(files(1000).map(({ key }) => key));
    expect(told).toEqual(['planned 1000', 'done 1000']);
    expect((await drain.facts()).state).toBe('done');
  });

  test('leaves alone what a mark closes or hides for good, and what is up already, and the plan is told', async () => {
    plan.below = files(5);
    marks.set('basement/00001', { below: 'closed' });
    marks.set('basement/00002', { shown: 'gone' });
    marks.set('basement/00003', { shown: 'private' });
    await ledger.change('basement/00004', { status: 'copied' }, {}, 1);
    await settle();
    expect(await inLane()).toEqual(['basement/00000', 'basement/00003']);
    expect(plan.taken).toHaveLength(5);
  });

  test('takes nothing while it is paused, and goes on when it may; both are told once', async () => {
    standing = { ...running, run: 'paused', by: 'hand' };
    plan.below = files(10);
    for (let n = 0; n < 3; n++) await drain.look();
    expect([plan.made, [...drain.places(new Map())]]).toEqual([0, []]);
    expect((await drain.facts()).state).toBe('paused');
    standing = running;
    await settle();
    expect(await inLane()).toHaveLength(10);
    expect(drain.places(new Map()).get('basement')).toBe(1);
    expect(told.slice(0, 2)).toEqual(['paused by hand', 'running by configuration']);
    standing = { ...running, run: 'paused', by: 'timetable' };
    await drain.look();
    expect([...drain.places(new Map())]).toEqual([]);
    expect(await inLane()).toHaveLength(10);
  });

  test('doubles what is copied at once each quarter of a second, as long as the disk is quick', async () => {
    plan.below = files(100);
    await settle();
    const levels: (number | undefined)[] = [];
    for (let quarter = 0; quarter < 5; quarter++) {
      const level = drain.places(new Map()).get('basement') ?? 0;
      levels.push(level);
      for (let n = 1; n <= level; n++) drain.begun('basement', n);
      nowMs += 250;
    }
    expect(levels).toEqual([1, 2, 4, 4, 4]);
  });

  test('hears of orders at once while it runs', async () => {
    standing = { ...running, run: 'paused', by: 'hand' };
    plan.below = files(10);
    drain.start();
    await eventually(async () => expect(listener).toBeDefined());
    standing = { ...running, bytesPerSecond: 1000, objectsPerSecond: 5 };
    listener?.(standing);
    await eventually(async () => expect(await inLane()).toHaveLength(10), { withinMs: 10_000 });
    expect(limits).toEqual({ bytes: 1000, requests: 5 });
    await drain.stop();
    expect([listener, [...drain.places(new Map())]]).toEqual([undefined, []]);
  });

  test.each(['source-unavailable', 'damaged'] as const)(
    'leaves a source alone after eight copies in a row that were %s, and not the others',
    async (reason) => {
      plan.below = [...files(20), ...files(20, 'attic')];
      await settle();
      await finish(8, 'basement', later(reason));
      expect(told.at(-1)).toBe(`basement ${reason} 600 s`);
      expect(Object.fromEntries(drain.places(new Map()))).toEqual({ basement: 0, attic: 1 });
      expect((await drain.facts()).sources).toMatchObject([
        { source: 'basement', concurrency: 0, pausedUntilMs: nowMs + 600_000, why: reason },
        { source: 'attic', concurrency: 1, why: undefined },
      ]);
      nowMs += 600_000;
      expect(drain.places(new Map()).get('basement')).toBe(1);
    },
  );

  test('takes nothing more from a source that is left alone, and is not through for that', async () => {
    plan.below = files(600);
    await settle();
    await finish(8, 'basement', later('source-unavailable'));
    await finish(400);
    for (let n = 0; n < 8; n++) drain.ended('basement', 'x', later('source-unavailable'));
    const size = (await inLane()).length;
    nowMs += 5000;
    await settle();
    expect((await inLane()).length).toBe(size);
    expect(told.filter((line) => line.startsWith('done'))).toEqual([]);
    nowMs += 3_600_000;
    await settle();
    expect((await inLane()).length).toBeGreaterThan(size);
  });

  test('one source that has nothing left does not hold up another', async () => {
    plan.below = [...files(2, 'attic'), ...files(2000)];
    await settle();
    await finish(2, 'attic');
    const done: string[] = [];
    for (let turn = 0; turn < 30; turn++) {
      done.push(...(await finish(100)));
      await settle();
    }
    expect(done).toHaveLength(2000);
  });

  test('makes the plan anew at once when something has changed, and by itself only after a rest', async () => {
    plan.below = files(1);
    await settle();
    await finish(1);
    nowMs += 590_000;
    await settle();
    expect(plan.made).toBe(1);
    drain.changed();
    plan.below = files(3, 'attic');
    nowMs += 1000;
    await settle();
    expect([plan.made, await inLane('attic')]).toEqual([2, files(3, 'attic').map(({ key }) => key)]);
    await finish(3, 'attic');
    plan.below = [];
    nowMs += 600_000;
    await settle();
    expect(plan.made).toBe(3);
    // That brought nothing and nothing has changed: it rests longer.
    nowMs += 600_000;
    await settle();
    expect(plan.made).toBe(3);
    nowMs += 600_000;
    await settle();
    expect(plan.made).toBe(4);
  });

  test('does not say that it is through where nothing was below from the start', async () => {
    await settle();
    nowMs += 3_600_000;
    await settle();
    expect(told).toEqual(['planned 0', 'planned 0']);
  });

  test('tells when the plan cannot be made, and tries again', async () => {
    plan.broken = true;
    plan.below = files(1);
    await settle();
    expect(told).toEqual(['Error: the plan cannot be made']);
    plan.broken = false;
    nowMs += 60_000;
    await settle();
    expect(await inLane()).toHaveLength(1);
  });

  test('copies more at once from a source that stays quick, fewer beside readers, none when they have half of it', () => {
    for (let n = 0; n < 10; n++) {
      const level = drain.places(new Map()).get('basement') ?? 0;
      // As the mover does it: when it asks, one has just ended.
      for (let underWay = 1; underWay <= level; underWay++) drain.begun('basement', underWay);
      nowMs += 2000;
      drain.places(new Map([['basement', level - 1]]));
    }
    expect(drain.places(new Map()).get('basement')).toBe(4);
    readers.set('basement', 2);
    expect(Object.fromEntries(drain.places(new Map()))).toEqual({ basement: 2, attic: 1 });
    readers.set('basement', 4);
    expect(drain.places(new Map()).get('basement')).toBe(0);
  });

  test('says how fast it goes, what is left, and how long that takes', async () => {
    plan.below = files(1000);
    await settle();
    const { length: waiting } = await inLane();
    for (let n = 0; n < 100; n++) {
      nowMs += 100;
      await finish(1);
    }
    const facts = await drain.facts();
    expect(facts).toMatchObject({
      state: 'copying',
      copied: { files: 100, bytes: 100_000 },
      waiting: waiting - 100,
      left: { files: 1000 - waiting },
    });
    expect(facts.lastMinute.filesPerSecond).toBeCloseTo(10, 0);
    expect(facts.eta?.ms).toBeCloseTo(90_000, -4);
    expect(facts.eta?.assuming).toContain('last ten minutes');
    slowDownMs = 5000;
    expect((await drain.facts()).state).toBe('slowed-down');
  });
});

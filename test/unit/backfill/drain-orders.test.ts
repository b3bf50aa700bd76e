import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { DrainOrders } from '../../../src/backfill/drain-orders.ts';
import type { Standing } from '../../../src/backfill/orders.ts';
import { type Entry, Timetable } from '../../../src/backfill/timetable.ts';
import { SqliteDrainOrders } from '../../../src/ledger/sqlite-drain-orders.ts';
import { scratch } from '../../support/scratch.ts';

const everyDay = [0, 1, 2, 3, 4, 5, 6];
const slow = { bytesPerSecond: 5 * 2 ** 20 };
const night: Entry = { text: '00:00-06:00', days: everyDay, from: 0, to: 360, allowed: 'off' };
const day: Entry = { text: '08:00-24:00', days: everyDay, from: 480, to: 1440, allowed: slow };
const clock = (ms: number) => ({ day: new Date(ms).getUTCDay(), minute: Math.floor(ms / 60_000) % 1440 });
const at = (time: string) => Date.parse(`2026-11-29T${time}:00Z`);
const unlimited = { bytesPerSecond: undefined, objectsPerSecond: undefined };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: at('07:00') });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Orders over one ledger, which can be begun again. */
async function orders({ enabled = true, entries = [night, day] as readonly Entry[] } = {}) {
  const store = new SqliteDrainOrders(join(scratch('state'), 'ledger.db'));
  const told: string[] = [];
  const open = () =>
    DrainOrders.open({
      ...{ store, enabled, now: Date.now, timetable: new Timetable(entries, clock) },
      ordered: (order) => told.push(order),
    });
  const first = await open();
  onTestFinished(async () => {
    await first.stop();
    await store.close();
  });
  return { orders: first, open, store, told };
}

describe('without an order by hand', () => {
  test.each([
    ['07:00', { run: 'running', by: 'configuration', ...unlimited }],
    ['08:00', { run: 'running', by: 'timetable', ...unlimited, ...slow }],
    ['02:00', { run: 'paused', by: 'timetable', ...unlimited }],
  ])('at %s the timetable decides, and outside of it the configuration', async (time, standing) => {
    vi.setSystemTime(at(time));
    expect((await orders()).orders.current()).toEqual(standing);
  });

  test.each(['07:00', '08:00', '02:00'])('a backfill that is not enabled is paused, at %s too', async (time) => {
    vi.setSystemTime(at(time));
    const { orders: now } = await orders({ enabled: false });
    expect(now.current()).toMatchObject({ run: 'paused', by: 'configuration' });
    expect(now.facts().why).toBe('backfill.enabled is false');
  });
});

describe('an order by hand', () => {
  test('comes before the timetable and the configuration', async () => {
    vi.setSystemTime(at('02:00'));
    const { orders: now } = await orders({ enabled: false });
    await now.start();
    expect(now.current()).toEqual({ run: 'running', by: 'hand', ...unlimited });
    await now.pause();
    expect(now.current()).toEqual({ run: 'paused', by: 'hand', ...unlimited });
    expect(now.facts().why).toBe('ordered by hand on 2026-11-29T02:00:00.000Z');
  });

  test('to start leaves the limits to the timetable, and a limit leaves it to the timetable whether it runs', async () => {
    vi.setSystemTime(at('08:00'));
    const { orders: now } = await orders();
    await now.start();
    expect(now.current()).toMatchObject({ by: 'hand', ...slow });
    await now.resume();
    await now.limit({ objectsPerSecond: 7 });
    expect(now.current()).toEqual({ run: 'running', by: 'timetable', ...unlimited, objectsPerSecond: 7 });
    vi.setSystemTime(at('02:00'));
    expect(now.current()).toMatchObject({ run: 'paused', objectsPerSecond: 7 });
  });

  test('can say that there is no limit, and that the timetable decides again', async () => {
    vi.setSystemTime(at('08:00'));
    const { orders: now } = await orders();
    await now.limit({});
    expect([now.current().bytesPerSecond, now.facts().limitsBy]).toEqual([undefined, 'hand']);
    await now.limit(undefined);
    expect([now.current().bytesPerSecond, now.facts().limitsBy]).toEqual([slow.bytesPerSecond, 'timetable']);
  });

  test('holds after a restart, until it is taken back', async () => {
    const { orders: now, open } = await orders({ enabled: false });
    await now.start();
    await now.limit({ bytesPerSecond: 1024, objectsPerSecond: 3 });
    const next = await open();
    expect(next.current()).toEqual({ run: 'running', by: 'hand', bytesPerSecond: 1024, objectsPerSecond: 3 });
    await next.resume();
    await next.limit(undefined);
    expect((await open()).current()).toEqual({ run: 'paused', by: 'configuration', ...unlimited });
  });

  test('that cannot be recorded does not hold, and the next one is taken all the same', async () => {
    const { orders: now, store, told } = await orders();
    const broken = vi.spyOn(store, 'write').mockRejectedValueOnce(new Error('disk full'));
    await expect(now.pause()).rejects.toThrow('disk full');
    expect(now.current()).toMatchObject({ run: 'running' });
    await now.pause();
    expect(now.current()).toMatchObject({ run: 'paused', by: 'hand' });
    expect(told).toEqual(['pause']);
    broken.mockRestore();
  });

  test('and another of the same moment are both kept', async () => {
    const { orders: now, open } = await orders();
    await Promise.all([now.pause(), now.limit({ objectsPerSecond: 1 })]);
    expect((await open()).current()).toMatchObject({ run: 'paused', objectsPerSecond: 1 });
  });
});

describe('whoever listens', () => {
  test('is told at the borders of the timetable, once each', async () => {
    const { orders: now } = await orders();
    const seen: [string, Standing['run'], number | undefined][] = [];
    const stop = now.onChange(({ run, bytesPerSecond }) =>
      seen.push([new Date().toISOString().slice(11, 16), run, bytesPerSecond]),
    );
    await vi.advanceTimersByTimeAsync(24 * 3600_000);
    expect(seen).toEqual([
      ['08:00', 'running', slow.bytesPerSecond],
      ['00:00', 'paused', undefined],
      ['06:00', 'running', undefined],
    ]);
    stop();
    await vi.advanceTimersByTimeAsync(24 * 3600_000);
    expect(seen).toHaveLength(3);
  });

  test('is told of an order that changes something, and of no other', async () => {
    const { orders: now } = await orders({ entries: [] });
    const seen: Standing[] = [];
    now.onChange((standing) => seen.push(standing));
    await now.resume();
    await now.pause();
    await now.pause();
    await now.limit(undefined);
    expect(seen).toEqual([{ run: 'paused', by: 'hand', ...unlimited }]);
  });

  test('is told of nothing after the end', async () => {
    const { orders: now } = await orders();
    const seen: Standing[] = [];
    now.onChange((standing) => seen.push(standing));
    await now.stop();
    await vi.advanceTimersByTimeAsync(24 * 3600_000);
    expect(seen).toEqual([]);
  });
});

test('what holds is told with its reason and the time until which the timetable leaves it so', async () => {
  vi.setSystemTime(at('08:30'));
  const { orders: now } = await orders();
  expect(now.facts()).toEqual({
    ...{ run: 'running', by: 'timetable', why: 'backfill.timetable, "08:00-24:00"' },
    ...{ limits: slow, limitsBy: 'timetable', timetableChangesMs: at('08:30') + 15.5 * 3600_000 },
  });
});

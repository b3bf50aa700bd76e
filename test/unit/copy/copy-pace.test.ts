import { describe, expect, test } from 'vitest';
import { CopyPace, type PaceLimits } from '../../../src/copy/copy-pace.ts';

const never = new AbortController().signal;

/** A pace whose time goes only where something waits, or the test says so. */
function paceWith(limits: Partial<PaceLimits>) {
  const clock = { ms: 1_000_000 };
  const pace = new CopyPace({
    limits: { bytes: undefined, requests: undefined, ...limits },
    now: () => clock.ms,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      clock.ms += ms;
    },
  });
  const start = clock.ms;
  return { pace, clock, passed: () => clock.ms - start };
}

describe('the pace of copies', () => {
  test('is that of whoever comes when there is no limit', async () => {
    const { pace, passed } = paceWith({});
    for (let n = 0; n < 1000; n++) await pace.turn('backfill', 1e9, never);
    expect(passed()).toBe(0);
  });

  test.each([
    ['asked-for' as const, 'bytes' as const],
    ['backfill' as const, 'bytes' as const],
    ['asked-for' as const, 'requests' as const],
  ])('of the %s lane keeps to the limit of %s on the average', async (lane, limit) => {
    const { pace, passed } = paceWith(limit === 'bytes' ? { bytes: 100_000 } : { requests: 10 });
    for (let n = 0; n < 200; n++) await pace.turn(lane, 10_000, never);
    // Ten a second, one second's worth at once, and the last one's debt is not waited for.
    expect(passed()).toBeGreaterThanOrEqual(18_900);
    expect(passed()).toBeLessThanOrEqual(19_300);
  });

  test('lets through what is larger than a second can bear, and those after it pay', async () => {
    const { pace, passed } = paceWith({ bytes: 1000 });
    await pace.turn('asked-for', 61_000, never);
    expect(passed()).toBe(0);
    expect(pace.waitMs('asked-for')).toBeGreaterThanOrEqual(60_000);
    await pace.turn('asked-for', 1, never);
    expect(passed()).toBeGreaterThanOrEqual(60_000);
    expect(passed()).toBeLessThanOrEqual(60_010);
  });

  test('saves up no more than a second of rest', async () => {
    const { pace, clock } = paceWith({ requests: 5 });
    clock.ms += 3_600_000;
    const start = clock.ms;
    for (let n = 0; n < 20; n++) await pace.turn('asked-for', 1, never);
    expect(clock.ms - start).toBeGreaterThanOrEqual(2800);
  });

  test('of the backfill alone can be less, and what is asked for does not feel it', async () => {
    const { pace, passed } = paceWith({});
    pace.limitBackfill({ bytes: 1000, requests: undefined });
    await pace.turn('backfill', 5000, never);
    expect(pace.waitMs('asked-for')).toBe(0);
    expect(pace.waitMs('backfill')).toBeGreaterThanOrEqual(4000);
    pace.limitBackfill({ bytes: 1000, requests: undefined });
    expect(pace.waitMs('backfill')).toBeGreaterThanOrEqual(4000);
    pace.limitBackfill({ bytes: undefined, requests: undefined });
    await pace.turn('backfill', 5000, never);
    expect(passed()).toBe(0);
  });

  test('counts requests that could not wait', () => {
    const { pace } = paceWith({ requests: 10 });
    pace.spent(30);
    expect(pace.waitMs('asked-for')).toBeGreaterThanOrEqual(2000);
  });

  test('gives what was asked for its turn before the backfill', async () => {
    let nowMs = 0;
    const sleeping: { wake: () => void; atMs: number }[] = [];
    const pace = new CopyPace({
      limits: { bytes: undefined, requests: 1 },
      now: () => nowMs,
      sleep: (ms) => new Promise<void>((wake) => sleeping.push({ wake, atMs: nowMs + ms })),
    });
    const order: string[] = [];
    await pace.turn('asked-for', 1, never);
    const waiting = [
      pace.turn('backfill', 1, never).then(() => order.push('backfill')),
      pace.turn('asked-for', 1, never).then(() => order.push('asked-for')),
      pace.turn('asked-for', 1, never).then(() => order.push('asked-for')),
    ];
    for (; order.length < 3; nowMs += 1) {
      for (const one of sleeping.splice(0)) one.atMs <= nowMs ? one.wake() : sleeping.push(one);
      await new Promise(setImmediate);
    }
    await Promise.all(waiting);
    expect(order).toEqual(['asked-for', 'asked-for', 'backfill']);
  });

  test('lets go whoever need not wait any more', async () => {
    const { pace } = paceWith({ bytes: 10 });
    await pace.turn('asked-for', 1000, never);
    await expect(pace.turn('asked-for', 1, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
  });
});

describe('a store that says SlowDown', () => {
  const refused = async (pace: CopyPace) =>
    pace.answered(await pace.turn('asked-for', 1, new AbortController().signal), 'slow-down');

  test('makes both lanes wait: a second, doubling to a minute', async () => {
    const { pace } = paceWith({});
    const waits: number[] = [];
    for (let n = 0; n < 8; n++) {
      await refused(pace);
      expect(pace.waitMs('backfill')).toBe(pace.waitMs('asked-for'));
      waits.push(pace.slowDownMs);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  test('says it to all that is under way, which counts once', async () => {
    const { pace, clock } = paceWith({});
    const turns = await Promise.all([1, 2, 3, 4].map(() => pace.turn('backfill', 1, never)));
    clock.ms += 100;
    for (const turn of turns) pace.answered(turn, 'slow-down');
    expect(pace.slowDownMs).toBe(1000);
  });

  test('is over with a success, but not with that of what was sent before', async () => {
    const { pace, clock } = paceWith({});
    const early = await pace.turn('backfill', 1, never);
    clock.ms += 10;
    await refused(pace);
    await refused(pace);
    pace.answered(early, 'stored');
    await refused(pace);
    expect(pace.slowDownMs).toBe(4000);
    pace.answered(await pace.turn('asked-for', 1, never), 'stored');
    await refused(pace);
    expect(pace.slowDownMs).toBe(1000);
  });

  test('is not over with another refusal', async () => {
    const { pace } = paceWith({});
    await refused(pace);
    pace.answered(await pace.turn('asked-for', 1, never), 'other');
    await refused(pace);
    expect(pace.slowDownMs).toBe(2000);
  });
});

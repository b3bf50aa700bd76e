import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs, countsAfter, givesUp, lookDelayMs, oldEnoughAtMs } from '../../../src/copy/schedule.ts';

const limits = { firstMs: 1000, mostMs: 60_000, times: 3 };

describe('giving a copy up', () => {
  test.each(['too-large', 'unreadable', 'private-without-acls', 'gone-below'] as const)(
    'happens at once when it is %s',
    (reason) => {
      expect(givesUp(reason, 1, limits)).toBe(true);
    },
  );

  test.each([
    'too-young',
    'cancelled',
    'bucket-unavailable',
    'slow-down',
    'no-spool-room',
    'source-unavailable',
  ] as const)('never happens when it is %s', (reason) => {
    expect(givesUp(reason, 1_000_000, limits)).toBe(false);
  });

  test.each(['changed', 'damaged', 'store-refused', 'unknown-outcome', 'missing-again', 'internal'] as const)(
    'happens after the first try and the configured ones when it is %s',
    (reason) => {
      expect(givesUp(reason, 3, limits)).toBe(false);
      expect(givesUp(reason, 4, limits)).toBe(true);
    },
  );

  test('happens after one try when no more were configured', () => {
    expect(givesUp('damaged', 1, { ...limits, times: 0 })).toBe(true);
  });
});

describe('what a try counts', () => {
  test.each([
    ['source-unavailable', { tries: 6, failures: 2 }],
    ['damaged', { tries: 6, failures: 3 }],
    ['too-young', { tries: 5, failures: 2 }],
    ['cancelled', { tries: 5, failures: 2 }],
  ] as const)('when it ended as %s: an outage is no fault of the object', (reason, expected) => {
    expect(countsAfter(reason, { tries: 5, failures: 2 })).toEqual(expected);
  });
});

describe('the wait between tries', () => {
  test.each([
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [7, 60_000],
    [5000, 60_000],
  ])('after %d tries is at most %d ms and at least half of that', (tries, most) => {
    expect(backoffMs(tries, limits, 0)).toBe(most / 2);
    expect(backoffMs(tries, limits, 0.999_999)).toBe(most);
  });

  test('is always a number of milliseconds within its bounds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (tries, random) => {
          const wait = backoffMs(tries, limits, random);
          return Number.isSafeInteger(wait) && wait >= limits.firstMs / 2 && wait <= limits.mostMs;
        },
      ),
    );
  });
});

describe('looks after an unknown outcome', () => {
  const offsets = [60_000, 600_000, 3_600_000];

  test('begin at once and come at the configured times after it', () => {
    let at = 0;
    const times = [0, 1, 2, 3].map((index) => {
      at += lookDelayMs(index, offsets);
      return at;
    });
    expect(times).toEqual([0, ...offsets]);
  });

  test('beyond the configured ones come at once rather than never', () => {
    expect(lookDelayMs(9, offsets)).toBe(0);
  });
});

describe('a young file', () => {
  test('is old enough when its mtime is so long ago', () => {
    expect(oldEnoughAtMs(1000, 60_000, 5000)).toBe(61_000);
  });

  test('of the near future is still young', () => {
    expect(oldEnoughAtMs(65_000, 60_000, 5000)).toBe(125_000);
  });

  test('of the far future has a wrong clock and is copied now', () => {
    expect(oldEnoughAtMs(4_102_444_800_000, 60_000, 5000)).toBe(5000);
  });
});

import { expect, test } from 'vitest';
import { etaOf } from '../../../src/backfill/drain-facts.ts';
import { RecentCopies } from '../../../src/backfill/recent-copies.ts';

function at(startMs: number) {
  const clock = { ms: startMs };
  const recent = new RecentCopies(() => clock.ms);
  const copying = (perSecond: number, seconds: number) => {
    for (let n = 0; n < seconds * perSecond; n++) {
      clock.ms += 1000 / perSecond;
      recent.add(1000);
    }
  };
  return { clock, recent, copying };
}

test('the rate is that of the time that is meant, or since the beginning', () => {
  const { recent, copying } = at(1_000_003);
  copying(10, 20);
  expect(recent.rate(60_000).filesPerSecond).toBeCloseTo(10, 0);
  expect(recent.rate(600_000).bytesPerSecond).toBeCloseTo(10_000, -3);
  copying(2, 120);
  expect(recent.rate(60_000).filesPerSecond).toBeCloseTo(2, 0);
  expect(recent.rate(600_000).filesPerSecond).toBeCloseTo((200 + 240) / 140, 0);
  expect(recent.total).toEqual({ files: 440, bytes: 440_000 });
});

test('what is longer ago is forgotten, also when nothing was copied since', () => {
  const { clock, recent, copying } = at(7);
  copying(10, 100);
  clock.ms += 3_600_000;
  expect(recent.rate(600_000)).toEqual({ filesPerSecond: 0, bytesPerSecond: 0 });
  copying(4, 30);
  expect(recent.rate(60_000).filesPerSecond).toBeCloseTo(2, 0);
});

test('the time that is left is that of the slower of files and bytes', () => {
  const rate = { filesPerSecond: 10, bytesPerSecond: 1000 };
  expect(etaOf({ files: 100, bytes: 1000 }, 0, rate)?.ms).toBe(10_000);
  expect(etaOf({ files: 100, bytes: 1000 }, 100, rate)?.ms).toBe(20_000);
  expect(etaOf({ files: 100, bytes: 50_000 }, 0, rate)?.ms).toBe(50_000);
  expect(etaOf({ files: 100, bytes: 1000 }, 0, { filesPerSecond: 0, bytesPerSecond: 0 })).toBeUndefined();
  expect(etaOf(undefined, 0, rate)).toBeUndefined();
});

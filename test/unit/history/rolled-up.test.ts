import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spanNumber, widthFor } from '../../../src/history/rolled-up.ts';

test('between any two moments spans are wide enough for so many, and not wider than a step more', () => {
  const moment = fc.integer({ min: 0, max: Date.UTC(2200, 0) });
  fc.assert(
    fc.property(moment, moment, fc.integer({ min: 1, max: 1000 }), (one, other, atMost) => {
      const [first, last] = [Math.min(one, other), Math.max(one, other)];
      const spans = (widthMs: number) => spanNumber(last, widthMs) - spanNumber(first, widthMs) + 1;
      const width = widthFor(first, last, atMost);
      expect(spans(width)).toBeLessThanOrEqual(atMost);
      if (width > 10_000) expect(spans(width / 5)).toBeGreaterThan(atMost / 2);
    }),
  );
});

test('an hour in 360 points is told in ten seconds, a day in 500 in five minutes, 90 days in 500 in six hours', () => {
  const now = Date.UTC(2026, 0) + 1234;
  expect(widthFor(now - 3_590_000, now, 360)).toBe(10_000);
  expect(widthFor(now - 86_400_000, now, 500)).toBe(300_000);
  expect(widthFor(now - 90 * 86_400_000, now, 500)).toBe(21_600_000);
});

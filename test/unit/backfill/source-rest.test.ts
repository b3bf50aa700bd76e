import { describe, expect, test } from 'vitest';
import { SourceRest } from '../../../src/backfill/source-rest.ts';
import type { CopyReason } from '../../../src/ledger/ledger.ts';

const options = { errors: 8, firstMs: 600_000, mostMs: 7_200_000 };
const later = (reason: CopyReason) => ({ outcome: { type: 'later' as const, reason }, givenUp: false, bytes: 0 });
const copied = { outcome: { type: 'copied' as const }, givenUp: false, bytes: 1 };

describe('a source', () => {
  const failing = (rest: SourceRest, reason: CopyReason, times: number, nowMs = 0) =>
    Array.from({ length: times }, () => rest.ended(later(reason), nowMs)).filter(Boolean).length;

  test.each(['source-unavailable', 'damaged'] as const)('is left alone after eight in a row that are %s', (reason) => {
    const rest = new SourceRest(options);
    expect(failing(rest, reason, 7)).toBe(0);
    expect(rest.resting(0)).toBeUndefined();
    expect(rest.ended(later(reason), 1000)).toBe(true);
    expect(rest.resting(1000)).toEqual({ untilMs: 601_000, why: reason });
    expect(rest.resting(601_000)).toBeUndefined();
  });

  test('is not left alone for some damaged files among good ones', () => {
    const rest = new SourceRest(options);
    for (let n = 0; n < 20; n++) {
      expect(failing(rest, 'damaged', 7)).toBe(0);
      rest.ended(copied, 0);
    }
  });

  test('is not left alone for troubles that are not its own, which tell nothing of it', () => {
    const rest = new SourceRest(options);
    failing(rest, 'source-unavailable', 7);
    for (const reason of ['bucket-unavailable', 'slow-down', 'cancelled', 'no-spool-room', 'unknown-outcome'] as const)
      expect(failing(rest, reason, 20)).toBe(0);
    expect(failing(rest, 'source-unavailable', 1)).toBe(1);
  });

  test('that answers, be it that a file is gone, is there', () => {
    const rest = new SourceRest(options);
    failing(rest, 'source-unavailable', 7);
    failing(rest, 'gone-below', 1);
    expect(failing(rest, 'source-unavailable', 7)).toBe(0);
  });

  test('is left alone twice as long each time, up to the longest, until a copy has succeeded', () => {
    const rest = new SourceRest(options);
    const rests = Array.from({ length: 6 }, (_, n) => {
      const nowMs = n * 1e9;
      failing(rest, 'source-unavailable', 8, nowMs);
      return (rest.resting(nowMs)?.untilMs ?? 0) - nowMs;
    });
    expect(rests).toEqual([600_000, 1_200_000, 2_400_000, 4_800_000, 7_200_000, 7_200_000]);
    rest.ended(copied, 1e10);
    failing(rest, 'source-unavailable', 8, 1e10);
    expect(rest.resting(1e10)?.untilMs).toBe(1e10 + 600_000);
  });

  test('is not left alone longer for what was under way when that began', () => {
    const rest = new SourceRest(options);
    expect(failing(rest, 'source-unavailable', 30)).toBe(1);
    expect(rest.resting(0)?.untilMs).toBe(600_000);
  });
});

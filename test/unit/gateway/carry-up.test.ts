import { beforeEach, describe, expect, test } from 'vitest';
import { CarryUp } from '../../../src/gateway/carry-up.ts';
import type { CopyStatus } from '../../../src/ledger/ledger.ts';

const never = new AbortController().signal;

let requested: string[];
let status: () => CopyStatus | undefined;
let nowMs: number;
let moving: boolean;

beforeEach(() => {
  requested = [];
  nowMs = 0;
  moving = true;
});

const carry = (signal = never) =>
  new CarryUp({
    copies: { request: (key) => requested.push(key) },
    ledger: {
      status: async () => {
        nowMs += 100;
        const said = status();
        return said && { status: said, sinceMs: 0 };
      },
    },
    waitMs: 1000,
    moving,
    now: () => nowMs,
  }).carry('a.jpg', signal);

/** What the ledger says, one after the other; the last for ever. */
function saying(...all: (CopyStatus | undefined)[]): () => CopyStatus | undefined {
  return () => (all.length > 1 ? all.shift() : all[0]);
}

describe('carrying a key up', () => {
  test.each(['copied', 'superseded'] as const)('asks for a copy, and is done when it is %s', async (end) => {
    status = saying(undefined, 'wanted', 'wanted', end);
    expect(await carry()).toBe(true);
    expect(requested).toEqual(['a.jpg']);
  });

  test('that was given up is given up', async () => {
    status = saying('wanted', 'refused');
    expect(await carry()).toBe(false);
    expect(nowMs).toBe(200);
  });

  test.each([['wanted' as const], [undefined]])(
    'that stays "%s" is not waited for longer than allowed',
    async (end) => {
      status = saying(end);
      expect(await carry()).toBe(false);
      expect(nowMs).toBe(1000);
    },
  );

  test('is refused at once in phase front, in which nothing is copied', async () => {
    moving = false;
    await expect(carry()).rejects.toMatchObject({
      code: 'ServiceUnavailable',
      message: expect.stringContaining('phase: front'),
    });
    expect([requested, nowMs]).toEqual([[], 0]);
  });

  test('ends when the client leaves', async () => {
    status = saying('wanted');
    const leaving = new AbortController();
    const carrying = carry(leaving.signal);
    leaving.abort();
    await expect(carrying).rejects.toThrow(/abort/i);
  });
});

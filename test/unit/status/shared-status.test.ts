import { beforeEach, expect, test } from 'vitest';
import { SharedStatus } from '../../../src/status/shared-status.ts';
import type { Status } from '../../../src/status/status.ts';

let nowMs: number;
let looks: PromiseWithResolvers<Status>[];
let shared: SharedStatus;

/** Told apart by when it was looked. */
const status = (atMs: number) => ({ atMs }) as Status;

beforeEach(() => {
  nowMs = 5000;
  looks = [];
  shared = new SharedStatus({
    status: () => {
      const look = Promise.withResolvers<Status>();
      looks.push(look);
      return look.promise;
    },
    maxAgeMs: 1000,
    now: () => nowMs,
  });
});

test('all who ask while a look is under way share it, however long it takes', async () => {
  const first = shared.now();
  nowMs += 60_000;
  const others = Array.from({ length: 100 }, () => shared.now());
  looks[0]?.resolve(status(1));
  expect((await Promise.all([first, ...others])).map(({ atMs }) => atMs)).toEqual(Array(101).fill(1));
  expect(looks.length).toBe(1);
});

test('a look is good for a second after it ended', async () => {
  const first = shared.now();
  nowMs += 700;
  looks[0]?.resolve(status(1));
  await first;
  nowMs += 999;
  expect((await shared.now()).atMs).toBe(1);
  nowMs += 1;
  const second = shared.now();
  looks[1]?.resolve(status(2));
  expect((await second).atMs).toBe(2);
  expect(looks.length).toBe(2);
});

test('an error is told to all who wait for that look, and not remembered', async () => {
  const waiting = [shared.now(), shared.now()];
  looks[0]?.reject(new Error('busy'));
  expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = shared.now();
  looks[1]?.resolve(status(2));
  expect((await next).atMs).toBe(2);
});

test('a look that throws at once is not remembered either', async () => {
  let broken = true;
  const fragile = new SharedStatus({
    status: () => {
      if (broken) throw new Error('closed');
      return Promise.resolve(status(3));
    },
    maxAgeMs: 1000,
    now: () => nowMs,
  });
  await expect(fragile.now()).rejects.toThrow('closed');
  broken = false;
  expect((await fragile.now()).atMs).toBe(3);
});

test('a clock that is put back does not keep an old look', async () => {
  const first = shared.now();
  looks[0]?.resolve(status(1));
  await first;
  nowMs -= 3_600_000;
  void shared.now();
  expect(looks.length).toBe(2);
  looks[1]?.resolve(status(2));
});

import { expect, test } from 'vitest';
import { BackOff } from '../../../src/lib/back-off.ts';

function setUp() {
  const waits: number[] = [];
  let nowMs = 5000;
  const sleep = async (ms: number) => {
    waits.push(ms);
    nowMs += ms;
  };
  const backOff = new BackOff({ firstMs: 1000, mostMs: 5000, sleep, now: () => nowMs });
  const pass = () => backOff.pass(new AbortController().signal);
  return { backOff, waits, pass, now: () => nowMs };
}

test('nobody waits before something failed', async () => {
  const { waits, pass } = setUp();
  await pass();
  expect(waits).toEqual([]);
});

test('waits double up to a bound, and begin anew after an answer', async () => {
  const { backOff, waits, pass, now } = setUp();
  for (let n = 0; n < 4; n++) {
    backOff.failed(now());
    await pass();
  }
  backOff.answered();
  backOff.failed(now());
  await pass();
  expect(waits).toEqual([1000, 2000, 4000, 5000, 1000]);
});

test('requests that were under way together and fail together count once', async () => {
  const { backOff, waits, pass, now } = setUp();
  const sentMs = now();
  for (let n = 0; n < 8; n++) backOff.failed(sentMs);
  await pass();
  expect(waits).toEqual([1000]);
});

import { expect, test, vi } from 'vitest';
import { Remembered } from '../../../src/lib/remembered.ts';

function slowLook() {
  const ends: ((value: number) => void)[] = [];
  const look = vi.fn(() => new Promise<number>((resolve) => void ends.push(resolve)));
  return { look, end: (value: number) => ends.shift()?.(value) };
}

test('what is remembered is told at once, and looked anew behind the back of who asks', async () => {
  let nowMs = 0;
  const { look, end } = slowLook();
  const remembered = new Remembered({ look, maxAgeMs: 100, now: () => nowMs, failed: () => undefined });
  expect([remembered.get(), remembered.get()]).toEqual([undefined, undefined]);
  expect(look).toHaveBeenCalledTimes(1);
  end(1);
  await remembered.refreshed();
  expect(remembered.get()).toBe(1);
  nowMs = 100;
  expect(remembered.get()).toBe(1);
  expect(look).toHaveBeenCalledTimes(2);
  end(2);
  await remembered.refreshed();
  expect(remembered.get()).toBe(2);
});

test('what cannot be looked at anew stays what it was, and is told', async () => {
  let nowMs = 0;
  const failed = vi.fn();
  const look = vi.fn(async () => 1);
  const remembered = new Remembered({ look, maxAgeMs: 100, now: () => nowMs, failed });
  await remembered.refreshed();
  look.mockRejectedValueOnce(new Error('busy'));
  nowMs = 200;
  await remembered.refreshed();
  expect([failed.mock.calls.length, remembered.get()]).toEqual([1, 1]);
});

import { expect, test, vi } from 'vitest';
import { Remembered } from '../../../src/lib/remembered.ts';
import { SharedLook } from '../../../src/lib/shared-look.ts';

function slowLook() {
  const ends: ((value: number) => void)[] = [];
  const look = vi.fn(() => new Promise<number>((resolve) => void ends.push(resolve)));
  return { look, end: (value: number) => ends.shift()?.(value) };
}

test('all who ask while a look is under way, or soon after it, have the same one', async () => {
  let nowMs = 1000;
  const { look, end } = slowLook();
  const shared = new SharedLook({ look, maxAgeMs: 100, now: () => nowMs });
  const first = shared.now();
  nowMs = 5000;
  const second = shared.now();
  end(1);
  expect([await first, await second]).toEqual([1, 1]);
  nowMs = 5099;
  expect(await shared.now()).toBe(1);
  nowMs = 5100;
  const third = shared.now();
  end(2);
  expect(await third).toBe(2);
  expect(look).toHaveBeenCalledTimes(2);
});

test('a look that failed is not shared with who comes later, nor an old one after the clock was put back', async () => {
  let nowMs = 1000;
  const look = vi.fn(async () => 1).mockRejectedValueOnce(new Error('busy'));
  const shared = new SharedLook({ look, maxAgeMs: 100, now: () => nowMs });
  await expect(shared.now()).rejects.toThrow('busy');
  expect(await shared.now()).toBe(1);
  nowMs = 0;
  await shared.now();
  expect(look).toHaveBeenCalledTimes(3);
});

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

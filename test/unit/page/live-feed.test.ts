import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveFeed, type LiveFeedOptions, type Watcher } from '../../../src/page/live-feed.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function feed(change: Partial<LiveFeedOptions> = {}) {
  const failures: unknown[] = [];
  const look = vi.fn(async () => `look ${look.mock.calls.length}`);
  const options = { look, everyMs: 1000, beatMs: 15_000, most: 3, now: Date.now };
  return { look, failures, feed: new LiveFeed({ ...options, failed: (error) => failures.push(error), ...change }) };
}

function watcher() {
  const seen: string[] = [];
  const one: Watcher = {
    send: (update) => void seen.push(update),
    beat: () => void seen.push('beat'),
    end: () => void seen.push('end'),
  };
  return { one, seen };
}

test('any number of pages costs one look a second, and nobody who watches costs none', async () => {
  const { feed: live, look } = feed();
  await vi.advanceTimersByTimeAsync(5000);
  expect(look).toHaveBeenCalledTimes(0);
  const pages = [watcher(), watcher(), watcher()];
  const leaves = pages.map(({ one }) => live.join(one));
  await vi.advanceTimersByTimeAsync(3500);
  expect(look).toHaveBeenCalledTimes(4);
  for (const { seen } of pages) expect(seen).toEqual(['look 1', 'look 2', 'look 3', 'look 4']);
  for (const leave of leaves) leave?.();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(look).toHaveBeenCalledTimes(4);
});

test('a page that comes later sees the latest at once, one that comes after a pause nothing that is old', async () => {
  const { feed: live } = feed();
  const [first, second, third] = [watcher(), watcher(), watcher()];
  const leave = live.join(first.one);
  await vi.advanceTimersByTimeAsync(10);
  const leaveToo = live.join(second.one);
  expect(second.seen).toEqual(['look 1']);
  leave?.();
  leaveToo?.();
  await vi.advanceTimersByTimeAsync(60_000);
  live.join(third.one);
  expect(third.seen).toEqual([]);
  await vi.advanceTimersByTimeAsync(10);
  expect(third.seen).toEqual(['look 2']);
});

test('a look that takes long is not begun a second time, also not by who leaves and comes back', async () => {
  let end = (_update: string) => {};
  const look = vi.fn(() => new Promise<string>((resolve) => (end = resolve)));
  const { feed: live } = feed({ look });
  const { one, seen } = watcher();
  live.join(one)?.();
  live.join(one);
  await vi.advanceTimersByTimeAsync(1);
  live.join(watcher().one)?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(look).toHaveBeenCalledTimes(1);
  end('late');
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen).toEqual(['late']);
  expect(look).toHaveBeenCalledTimes(2);
});

test('one page more than there may be is turned away, and has its place when another leaves', () => {
  const { feed: live } = feed();
  const leaves = [1, 2, 3].map(() => live.join(watcher().one));
  expect([live.hasRoom, live.join(watcher().one)]).toEqual([false, undefined]);
  leaves[0]?.();
  leaves[0]?.();
  expect(live.join(watcher().one)).toBeDefined();
  expect(live.hasRoom).toBe(false);
});

test('where nothing changes there is a beat now and then, and no update', async () => {
  const { feed: live } = feed({ look: async () => 'same' });
  const { one, seen } = watcher();
  live.join(one);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(seen).toEqual(['same', 'beat', 'beat']);
});

test('a look that fails is told, and another comes after a while', async () => {
  const look = vi.fn(async () => 'well').mockRejectedValueOnce(new Error('the ledger is busy'));
  const { feed: live, failures } = feed({ look });
  const { one, seen } = watcher();
  live.join(one);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([look.mock.calls.length, failures.length, seen]).toEqual([1, 1, []]);
  await vi.advanceTimersByTimeAsync(6000);
  expect(seen.at(-1)).toBe('well');
});

test('stopping ends every page at once, and lets nobody in', async () => {
  const { feed: live, look } = feed();
  const { one, seen } = watcher();
  live.join(one);
  await vi.advanceTimersByTimeAsync(10);
  live.stop();
  expect(seen).toEqual(['look 1', 'end']);
  expect(live.join(watcher().one)).toBeUndefined();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(look).toHaveBeenCalledTimes(1);
});

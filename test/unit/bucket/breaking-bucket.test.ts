import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BreakingBucket } from '../../../src/bucket/breaking-bucket.ts';
import type { BucketHead, BucketTrouble } from '../../../src/bucket/bucket.ts';
import { FakeBucket, found } from './fake-bucket.ts';

const never = new AbortController().signal;
const open = { kind: 'unavailable', trouble: 'breaker-open' };
const trouble = (what: BucketTrouble): BucketHead => ({ kind: 'unavailable', trouble: what });

describe('a store that does not answer', () => {
  let inner: FakeBucket;
  let bucket: BreakingBucket;

  beforeEach(() => {
    vi.useFakeTimers();
    inner = new FakeBucket();
    inner.answer = () => trouble('timeout');
    bucket = new BreakingBucket(inner, { failures: 3, retryAfterMs: 1000 });
  });
  afterEach(() => vi.useRealTimers());

  const ask = () => bucket.get('a', undefined, never);
  const askTimes = async (times: number) => {
    for (let n = 0; n < times; n++) await ask();
  };

  test.each(['connect', 'timeout', 'server-error', 'slow-down'] as const)(
    'is not asked any more after so many failures (%s) in a row',
    async (what) => {
      inner.answer = () => trouble(what);
      await askTimes(3);
      expect(await ask()).toEqual(open);
      expect(await bucket.head('b', never)).toEqual(open);
      expect(inner.asked).toBe(3);
    },
  );

  test.each(['refused', 'identity', 'protocol'] as const)('is still asked after any number of "%s"', async (what) => {
    inner.answer = () => trouble(what);
    await askTimes(10);
    expect(inner.asked).toBe(10);
  });

  test('is still asked when a good answer comes between the failures', async () => {
    await askTimes(2);
    inner.answer = () => ({ kind: 'missing' });
    await ask();
    inner.answer = () => trouble('timeout');
    await askTimes(2);
    inner.answer = () => found;
    expect(await ask()).toMatchObject({ kind: 'found' });
  });

  test('is asked once after a while, and served from again when it answers', async () => {
    await askTimes(3);
    await vi.advanceTimersByTimeAsync(999);
    expect(await ask()).toEqual(open);
    await vi.advanceTimersByTimeAsync(1);
    inner.answer = () => found;
    expect(await ask()).toMatchObject({ kind: 'found' });
    expect(await ask()).toMatchObject({ kind: 'found' });
  });

  test('is left alone for another while when it fails once more', async () => {
    await askTimes(3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await ask()).toEqual(trouble('timeout'));
    expect(await ask()).toEqual(open);
    await vi.advanceTimersByTimeAsync(999);
    expect(await ask()).toEqual(open);
    expect(inner.asked).toBe(4);
  });

  test('holds nobody up but the one who finds out whether it is back', async () => {
    await askTimes(3);
    await vi.advanceTimersByTimeAsync(1000);
    const back = Promise.withResolvers<BucketHead>();
    inner.answer = () => back.promise;
    const probe = ask();
    expect(await ask()).toEqual(open);
    expect(await bucket.head('b', never)).toEqual(open);
    expect(inner.asked).toBe(4);
    back.resolve(found);
    expect(await probe).toMatchObject({ kind: 'found' });
  });

  test('is not taken to be back because the reader who was to find out has left', async () => {
    await askTimes(3);
    await vi.advanceTimersByTimeAsync(1000);
    inner.answer = () => Promise.reject(new Error('left'));
    await expect(ask()).rejects.toThrow('left');
    inner.answer = () => trouble('timeout');
    await ask(); // finds out at last
    expect(await ask()).toEqual(open);
  });

  test('is not blamed for readers who left', async () => {
    inner.answer = () => Promise.reject(new Error('left'));
    for (let n = 0; n < 10; n++) await expect(ask()).rejects.toThrow('left');
    inner.answer = () => found;
    expect(await ask()).toMatchObject({ kind: 'found' });
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import type { BucketHead } from '../../../src/bucket/bucket.ts';
import { RememberingBucket } from '../../../src/bucket/remembering-bucket.ts';
import { FakeBucket, found } from './fake-bucket.ts';

const never = new AbortController().signal;

describe('a learned absence', () => {
  let inner: FakeBucket;
  let bucket: RememberingBucket;

  beforeEach(() => {
    inner = new FakeBucket();
    bucket = new RememberingBucket(inner, { ttlMs: 60_000, maxKeys: 3 });
  });

  const ask = (key = 'a') => bucket.get(key, undefined, never);

  test('is not asked for again, by GET nor by HEAD nor for a part', async () => {
    await ask();
    expect(await ask()).toEqual({ kind: 'missing' });
    expect(await bucket.head('a', never)).toEqual({ kind: 'missing' });
    expect(await bucket.get('a', { suffix: 1 }, never)).toEqual({ kind: 'missing' });
    expect(inner.asked).toBe(1);
  });

  test('of one key says nothing of another', async () => {
    await ask('a');
    await ask('b');
    expect(inner.asked).toBe(2);
  });

  test.each<BucketHead>([
    { kind: 'unavailable', trouble: 'timeout' },
    { kind: 'unavailable', trouble: 'identity' },
    { kind: 'private' },
    found,
  ])('is never made of $kind', async (answer) => {
    inner.answer = () => answer;
    await ask();
    await ask();
    expect(inner.asked).toBe(2);
  });

  test('is forgotten when the key was copied', async () => {
    await ask();
    bucket.forget('a');
    inner.answer = () => found;
    expect(await ask()).toMatchObject({ kind: 'found' });
  });

  test('that was answered before the key was copied and heard after it is not remembered', async () => {
    const heard = Promise.withResolvers<BucketHead>();
    inner.answer = () => heard.promise;
    const asking = ask();
    bucket.forget('a');
    heard.resolve({ kind: 'missing' });
    await asking;
    inner.answer = () => found;
    expect(await ask()).toMatchObject({ kind: 'found' });
  });

  test('is over after its time', async () => {
    bucket = new RememberingBucket(inner, { ttlMs: 5, maxKeys: 3 });
    await ask();
    await new Promise((resolve) => setTimeout(resolve, 15));
    await ask();
    expect(inner.asked).toBe(2);
  });

  test('is one of so many: a flood of invented names pushes out the oldest', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await ask(key);
    await ask('d');
    expect(inner.asked).toBe(4);
    await ask('a');
    expect(inner.asked).toBe(5);
  });
});

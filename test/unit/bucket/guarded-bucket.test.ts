import { beforeEach, describe, expect, test } from 'vitest';
import { GuardedBucket } from '../../../src/bucket/guarded-bucket.ts';
import type { IdentityState } from '../../../src/bucket/identity.ts';
import { FakeBucket, found } from './fake-bucket.ts';

const never = new AbortController().signal;
const notKnown = { kind: 'unavailable', trouble: 'identity' };

describe.each(['get', 'head'] as const)('a guarded bucket asked by %s', (how) => {
  let inner: FakeBucket;
  let trusted: boolean;
  let confirmed: IdentityState;
  let confirmations: number;
  let bucket: GuardedBucket;

  beforeEach(() => {
    inner = new FakeBucket();
    trusted = true;
    confirmed = 'ours';
    confirmations = 0;
    bucket = new GuardedBucket(inner, {
      state: 'ours',
      get trusted() {
        return trusted;
      },
      confirm: async () => {
        confirmations += 1;
        return confirmed;
      },
    });
  });

  const ask = () => (how === 'get' ? bucket.get('a', undefined, never) : bucket.head('a', never));

  test('is not asked at all while it may be another bucket', async () => {
    trusted = false;
    expect(await ask()).toEqual(notKnown);
    expect(inner.asked).toBe(0);
  });

  test('is believed when it has the object, without a further question', async () => {
    inner.answer = () => found;
    expect(await ask()).toMatchObject({ kind: 'found' });
    expect(confirmations).toBe(0);
  });

  test('is believed an absence after the identity was read once more', async () => {
    expect(await ask()).toEqual({ kind: 'missing' });
    expect(confirmations).toBe(1);
  });

  test.each(['absent', 'other', 'unknown'] as const)(
    'is not believed an absence when it is "%s" by then',
    async (state) => {
      confirmed = state;
      expect(await ask()).toEqual(notKnown);
    },
  );

  test('passes a trouble on as it is', async () => {
    inner.answer = () => ({ kind: 'unavailable', trouble: 'timeout' });
    expect(await ask()).toEqual({ kind: 'unavailable', trouble: 'timeout' });
    expect(confirmations).toBe(0);
  });

  test('throws a reader who left his own abort', async () => {
    inner.answer = () => Promise.reject(new Error('left'));
    await expect(ask()).rejects.toThrow('left');
  });
});

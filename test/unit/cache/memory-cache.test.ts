import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryCache } from '../../../src/cache/memory-cache.ts';

const entry = (size: number) => ({ meta: { size, mtimeMs: 0, headers: {} }, bytes: Buffer.alloc(size), storedAtMs: 7 });

describe('the edge cache in memory', () => {
  test('keeps an object until it is deleted', () => {
    const cache = new MemoryCache({ maxBytes: 10_000, maxObjectBytes: 5000, ttlMs: 60_000 });
    const object = entry(100);
    cache.set('a', object);
    expect(cache.get('a')).toBe(object);
    expect(cache.ttlLeftMs('a')).toBeGreaterThan(59_000);
    cache.delete('a');
    expect(cache.get('a')).toBeUndefined();
    expect(cache.ttlLeftMs('a')).toBe(0);
  });

  test('keeps nothing beyond its time', async () => {
    const cache = new MemoryCache({ maxBytes: 10_000, maxObjectBytes: 5000, ttlMs: 5 });
    cache.set('a', entry(1));
    await new Promise((resolve) => setTimeout(resolve, 15));
    expect(cache.get('a')).toBeUndefined();
  });

  test('keeps nothing that is larger than it may be', () => {
    const cache = new MemoryCache({ maxBytes: 10_000, maxObjectBytes: 100, ttlMs: 60_000 });
    cache.set('a', entry(101));
    expect(cache.get('a')).toBeUndefined();
    cache.set('b', entry(100));
    expect(cache.get('b')).toBeDefined();
  });

  test('lets the least recently used go first', () => {
    const cache = new MemoryCache({ maxBytes: 10_000, maxObjectBytes: 5000, ttlMs: 60_000 });
    for (const key of ['a', 'b', 'c']) cache.set(key, entry(2000));
    cache.get('a');
    cache.set('d', entry(2000));
    expect(['a', 'b', 'c', 'd'].filter((key) => cache.get(key))).toEqual(['a', 'c', 'd']);
  });

  test('that is switched off keeps nothing, and says so beforehand', () => {
    const cache = new MemoryCache({ maxBytes: 0, maxObjectBytes: 5000, ttlMs: 60_000 });
    expect(cache.maxObjectBytes).toBeLessThan(0);
    cache.set('a', entry(0));
    expect(cache.get('a')).toBeUndefined();
  });

  test('never holds more than it may, whatever is put into it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ maxLength: 40 }), fc.nat(12_000)), { maxLength: 50 }), (puts) => {
        const cache = new MemoryCache({ maxBytes: 20_000, maxObjectBytes: 10_000, ttlMs: 60_000 });
        return puts.every(([key, size]) => {
          cache.set(key, entry(size));
          return cache.bytes <= 20_000;
        });
      }),
    );
  });
});

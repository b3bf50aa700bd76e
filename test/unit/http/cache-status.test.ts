import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CacheStatus, cacheStatus } from '../../../src/http/cache-status.ts';

describe('Cache-Status', () => {
  const cases: readonly (readonly [CacheStatus, string])[] = [
    [{ tier: 'cache' }, 'Upstairs; hit; detail=cache'],
    [{ tier: 'cache', ttlSeconds: 86399.7 }, 'Upstairs; hit; ttl=86399; detail=cache'],
    [{ tier: 'cache', stored: true, collapsed: true, fwdStatus: 200 }, 'Upstairs; hit; detail=cache'],
    [{ tier: 'bucket' }, 'Upstairs; fwd=uri-miss; detail=bucket'],
    [{ tier: 'bucket', stored: false, collapsed: false }, 'Upstairs; fwd=uri-miss; detail=bucket'],
    [
      { tier: 'bucket', stored: true, collapsed: true, fwdStatus: 200 },
      'Upstairs; fwd=uri-miss; fwd-status=200; stored; collapsed; detail=bucket',
    ],
    [{ tier: 'basement', stored: true, ttlSeconds: -5 }, 'Upstairs; fwd=uri-miss; ttl=-5; stored; detail=basement'],
    [{ tier: 'none' }, 'Upstairs; fwd=uri-miss; detail=none'],
    [{ tier: 'old disk' }, 'Upstairs; fwd=uri-miss; detail="old disk"'],
    [{ tier: '1' }, 'Upstairs; fwd=uri-miss; detail="1"'],
    [{ tier: '' }, 'Upstairs; fwd=uri-miss; detail=""'],
    [{ tier: 'say "b\\a"\r\n' }, 'Upstairs; fwd=uri-miss; detail="say \\"b\\\\a\\"??"'],
    [{ tier: 'bucket', ttlSeconds: Number.NaN }, 'Upstairs; fwd=uri-miss; ttl=0; detail=bucket'],
  ];

  it.each(cases)('%j', (status, expected) => {
    expect(cacheStatus(status)).toBe(expected);
  });

  it('is a valid structured field, whatever a source is called', () => {
    const token = String.raw`[A-Za-z*][!#$%&'*+.^_\`|~0-9A-Za-z:/-]*`;
    const string = String.raw`"(?:[ !#-[\]-~]|\\["\\])*"`;
    const value = `(?:${token}|${string}|-?\\d{1,15})`;
    const item = new RegExp(`^Upstairs(?:; [a-z][a-z-]*(?:=${value})?)*$`);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.double(), (tier, ttlSeconds) => {
        expect(cacheStatus({ tier, ttlSeconds, stored: true })).toMatch(item);
      }),
    );
  });
});

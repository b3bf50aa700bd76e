import { describe, expect, test } from 'vitest';
import { Leases } from '../../../src/copy/leases.ts';

describe('a lease', () => {
  test('is held by one at a time', () => {
    const leases = new Leases();
    const letGo = leases.take('a', {});
    expect(letGo).toBeDefined();
    expect(leases.take('a', {})).toBeUndefined();
    expect(leases.taken('a')).toBe(true);
    letGo?.();
    expect(leases.taken('a')).toBe(false);
    expect(leases.take('a', {})).toBeDefined();
  });

  test('of one key does not hold up another', () => {
    const leases = new Leases();
    leases.take('a', {});
    expect(leases.take('b', {})).toBeDefined();
  });

  test('that was let go twice does not free the next holder', () => {
    const leases = new Leases();
    const letGo = leases.take('a', {});
    letGo?.();
    leases.take('a', {});
    letGo?.();
    expect(leases.taken('a')).toBe(true);
  });
});

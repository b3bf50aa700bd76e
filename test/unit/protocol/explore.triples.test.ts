import { describe, expect, test } from 'vitest';
import type { World } from '../../support/explorer/snapshot.ts';
import { brokenRules, exploreAll, triples } from '../../support/explorer/worlds.ts';

describe('three mutations, each sent when the one before was answered', { timeout: 300_000 }, () => {
  const worlds: [string, Partial<World>][] = [
    ['a fault', { crashes: 0, faults: 1 }],
    ['a crash', { crashes: 1, faults: 0 }],
  ];
  test.each(worlds)('and %s: I1-I6 hold', (name, world) => {
    const found = exploreAll(`three in a row, ${name}`, triples, { ...world, inARow: true, reads: false });
    expect(brokenRules(found)).toBe('');
    expect(found.every(({ ackedAtRest }) => ackedAtRest > 0)).toBe(true);
  });
});

import { describe, expect, test } from 'vitest';
import { brokenRules, exploreAll, pairs, type Schedule, singles } from '../../support/explorer/worlds.ts';

/** A lost, late or failing answer and a crash at any instant, a reader with a cache, and copies that go on meanwhile. */
describe('every way in which a copy and two mutations of one key can meet', { timeout: 300_000 }, () => {
  test('one mutation, or none: I1-I6 hold', () => {
    const found = exploreAll('one mutation or none', singles, {});
    expect(brokenRules(found)).toBe('');
    expect(found.every(({ copiedAtRest }) => copiedAtRest > 0)).toBe(true);
    expect(found.slice(1).every(({ ackedAtRest }) => ackedAtRest > 0)).toBe(true);
  });

  const named = pairs.map((pair) => [pair.join(' and '), pair] as [string, Schedule]);
  test.each(named)('%s: I1-I6 hold', (name, pair) => {
    const found = exploreAll(name, [pair], {});
    expect(brokenRules(found)).toBe('');
    expect(found[0]!.copiedAtRest).toBeGreaterThan(0);
    expect(found[0]!.ackedAtRest).toBeGreaterThan(0);
  });
});

import { describe, expect, test } from 'vitest';
import type { World } from '../../support/explorer/snapshot.ts';
import { brokenRules, exploreAll, pairs, plain, singles } from '../../support/explorer/worlds.ts';

const unconditional = { rules: { ...plain.rules, conditional: false } };
const withoutAcls = { rules: { ...plain.rules, acls: false } };

/** What can be otherwise: the store, the file, the bucket. Where two mutations meet, with a crash or a fault. */
describe('every way in which a copy and mutations can meet', { timeout: 300_000 }, () => {
  const worlds: [string, Partial<World>][] = [
    ['where another object was in the bucket before', { before: 'other' }],
    ['where the same bytes were in the bucket before', { before: 'same' }],
    ['at a store that ignores If-None-Match', unconditional],
    ['at such a store, over another object', { ...unconditional, before: 'other' }],
    ['of a file that goes up in parts', { inParts: ['source'] }],
    ['of a key that is only in the bucket', { below: false, before: 'other' }],
    ['of a key that is nowhere', { below: false }],
    ['of a file that is not for the public', { sourceAcl: 'private' }],
    ['in a bucket without ACLs', withoutAcls],
    ['in a bucket without ACLs, of a file that is not for the public', { ...withoutAcls, sourceAcl: 'private' }],
  ];
  test.each(worlds)('%s: I1-I6 hold', (name, world) => {
    const found = [
      ...exploreAll(`${name}, one mutation`, singles, world),
      ...exploreAll(`${name}, two, a fault`, pairs, { ...world, crashes: 0 }),
      ...exploreAll(`${name}, two, a crash`, pairs, { ...world, faults: 0 }),
    ];
    expect(brokenRules(found)).toBe('');
    expect(found.some(({ ackedAtRest }) => ackedAtRest > 0)).toBe(true);
    const copyable = world.below !== false && world.before !== 'other';
    expect(found.some(({ copiedAtRest }) => copiedAtRest > 0)).toBe(copyable);
  });

  test('where the store refuses a request: I1-I6 hold', () => {
    const found = [
      ...exploreAll('a refusal, one mutation', singles, { refusals: 1 }),
      ...exploreAll('a refusal, two', pairs, { refusals: 1, crashes: 0 }),
    ];
    expect(brokenRules(found)).toBe('');
  });

  /** Such a world has more than mutations: somebody who puts an object there past the write host, a file that is written anew. */
  const stirred: [string, Partial<World>][] = [
    ['of a file that goes up in parts, over another object', { inParts: ['source'], before: 'other' }],
    ['of a file that goes up in parts, while another object arrives', { inParts: ['source'], arrives: true }],
    ['at a store that ignores If-None-Match, while another object arrives', { ...unconditional, arrives: true }],
    ['of a file that goes up in parts, and is written anew', { inParts: ['source', 'rewritten'], changes: true }],
    ['of a file that goes up in parts until it is written anew', { inParts: ['source'], changes: true }],
    ['of a file that goes up in parts once it is written anew', { inParts: ['rewritten'], changes: true }],
  ];
  test.each(stirred)('%s: I1-I6 hold', (name, world) => {
    const schedules = world.arrives ? singles.slice(0, 1) : singles;
    const found = exploreAll(name, schedules, { ...world, faults: 2, reads: false });
    expect(brokenRules(found)).toBe('');
    expect(found.some(({ copiedAtRest }) => copiedAtRest > 0)).toBe(world.before === undefined);
  });

  test('with two faults: I1-I6 hold', () => {
    expect(brokenRules(exploreAll('two faults, one mutation', singles, { crashes: 0, faults: 2 }))).toBe('');
  });
});

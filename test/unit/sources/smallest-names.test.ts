import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SmallestNames } from '../../../src/sources/smallest-names.ts';

/** All names, some at a time, as a walk takes them. */
function inPieces(names: readonly string[], limit: number): string[] {
  const all: string[] = [];
  for (let more = true; more; ) {
    const last = all.at(-1);
    const smallest = new SmallestNames(last === undefined ? undefined : { name: last, inclusive: false }, limit);
    for (const name of names) smallest.add(name);
    const taken = smallest.taken();
    all.push(...taken.names);
    more = taken.more;
  }
  return all;
}

test('names that come in any order are told in order, each once, whatever is held at once', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', '\xff'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (names, limit) => {
      expect(inPieces(names, limit)).toEqual(names.toSorted());
    }),
  );
});

test('they begin after a bound, or with it', () => {
  const taken = (inclusive: boolean) => {
    const smallest = new SmallestNames({ name: 'b', inclusive }, 10);
    for (const name of ['c', 'a', 'b']) smallest.add(name);
    return smallest.taken();
  };
  expect(taken(false)).toEqual({ names: ['c'], more: false });
  expect(taken(true)).toEqual({ names: ['b', 'c'], more: false });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fairShare, turns, type Waiting } from '../../../src/ledger/plan-turns.ts';

type File = Waiting & { lane: number };

/** Files of a source in the order of their keys, with what stands before each. */
function lane(lane: number, files: readonly { rank: number; size: number }[]) {
  let before = 0;
  return files.map(({ rank, size }, place): File => {
    const file = { id: lane * 1e6 + place, lane, rank, size, before };
    before += size;
    return file;
  });
}

const files = fc.array(fc.record({ rank: fc.integer({ min: -50, max: 50 }), size: fc.nat(1000) }), { maxLength: 40 });

/** Takes everything, so many at a time, as the plan does. */
function taken(lanes: readonly File[][], bite: number): File[] {
  const left = lanes.map((files) => [...files]);
  const bytes = lanes.map(() => 0);
  const order: File[] = [];
  for (;;) {
    const chosen = turns(
      left.map((files, n) => ({
        byRank: files.toSorted((a, b) => a.rank - b.rank || a.id - b.id).slice(0, bite),
        byKey: files.slice(0, bite),
        taken: bytes[n]!,
      })),
      bite,
    );
    if (chosen.length === 0) return order;
    for (const file of chosen) {
      const n = lanes.findIndex((files) => files.includes(file));
      left[n]!.splice(left[n]!.indexOf(file), 1);
      bytes[n]! += file.size;
      order.push(file);
    }
  }
}

test('every file has its turn once, however many are asked for at a time', () => {
  fc.assert(
    fc.property(files, files, fc.integer({ min: 1, max: 9 }), (one, other, bite) => {
      const lanes = [lane(1, one), lane(2, other)];
      const order = taken(lanes, bite);
      expect(order).toHaveLength(one.length + other.length);
      expect(new Set(order).size).toBe(order.length);
      expect(order).toEqual(taken(lanes, 1));
    }),
  );
});

test('no file waits until more than sixteen times as many bytes went up as stand up to it in the order of keys', () => {
  fc.assert(
    fc.property(files, (one) => {
      const ordered = lane(1, one);
      let bytes = 0;
      for (const file of taken([ordered], 5)) {
        // What was taken last may have gone past it by its own size.
        const largest = Math.max(...ordered.map(({ size }) => size));
        expect(bytes).toBeLessThanOrEqual(fairShare * (file.before + file.size) + largest);
        bytes += file.size;
      }
    }),
  );
});

test('of so many bytes hardly more than one in sixteen goes to files out of their rank', () => {
  fc.assert(
    fc.property(files, (one) => {
      const ordered = lane(1, one);
      const best = new Set(ordered);
      let [outOfTurn, bytes] = [0, 0];
      for (const file of taken([ordered], 5)) {
        const first = [...best].reduce((most, other) => (other.rank < most.rank ? other : most));
        if (file.rank > first.rank) outOfTurn += file.size;
        bytes += file.size;
        best.delete(file);
        expect(outOfTurn).toBeLessThanOrEqual(bytes / fairShare + file.size);
      }
    }),
  );
});

test('the best rank of all sources comes first', () => {
  const lanes = [
    lane(1, [
      { rank: 3, size: 1000 },
      { rank: 1, size: 1000 },
    ]),
    lane(2, [{ rank: 2, size: 1000 }]),
  ];
  expect(taken(lanes, 10).map(({ rank }) => rank)).toEqual([1, 2, 3]);
});

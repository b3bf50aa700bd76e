import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Mark, type Marks, unmarked } from '../../src/marks/marks.ts';

/** One place for marks, where they can be opened again and again. */
export interface MarksFixture {
  open(): Promise<Marks>;
}

/** What every store of marks owes the write host and the readers. */
export function marksContract(name: string, makeFixture: () => MarksFixture): void {
  describe(`${name} of marks`, () => {
    let fixture: MarksFixture;
    let marks: Marks;

    beforeEach(async () => {
      fixture = makeFixture();
      marks = await fixture.open();
    });
    afterEach(() => marks.close());

    const again = async () => {
      await marks.close();
      marks = await fixture.open();
    };

    test('says "unmarked" of a key about which nothing was decided', async () => {
      expect(await marks.get('a')).toEqual(unmarked);
    });

    test('changes what is named and leaves the rest', async () => {
      expect(await marks.change('a', { below: 'closed' })).toEqual({ generation: 1, below: 'closed', shown: 'unset' });
      expect(await marks.change('a', { shown: 'private' })).toEqual({
        generation: 2,
        below: 'closed',
        shown: 'private',
      });
      expect(await marks.get('a')).toEqual({ generation: 2, below: 'closed', shown: 'private' });
    });

    test('counts a generation also for a change that changes nothing', async () => {
      await marks.change('a', { shown: 'gone' });
      expect(await marks.change('a', { shown: 'gone' })).toMatchObject({ generation: 2 });
      expect(await marks.change('a', {})).toMatchObject({ generation: 3, shown: 'gone' });
    });

    test('keeps one key apart from another', async () => {
      await marks.change('a', { shown: 'gone' });
      expect(await marks.get('A')).toEqual(unmarked);
      expect(await marks.get('a/')).toEqual(unmarked);
      expect(await marks.get('')).toEqual(unmarked);
    });

    test('keeps keys with odd characters apart', async () => {
      const odd = ["a'b", 'a"b', 'ü', 'u\u0308', '\u{1f600}', 'a%b', 'a_b', 'a\\b', ' a', 'a '];
      for (const [n, key] of odd.entries()) for (let i = 0; i <= n; i++) await marks.change(key, { shown: 'public' });
      for (const [n, key] of odd.entries()) expect((await marks.get(key)).generation).toBe(n + 1);
    });

    test('are durable when acknowledged: another reader sees them at once', async () => {
      const other = await fixture.open();
      await marks.change('a', { shown: 'gone' });
      expect(await other.get('a')).toMatchObject({ shown: 'gone' });
      await other.close();
    });

    test('never use a generation twice, over restarts and over making everything as it was', async () => {
      const seen: number[] = [];
      for (let i = 0; i < 4; i++) {
        seen.push((await marks.change('a', { below: 'closed', shown: 'gone' })).generation);
        seen.push((await marks.change('a', { below: 'open', shown: 'unset' })).generation);
        await again();
      }
      expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await marks.get('a')).toEqual({ generation: 8, below: 'open', shown: 'unset' });
    });

    test('refuse a fact that is none, and keep what was', async () => {
      await marks.change('a', { shown: 'private' });
      await expect(marks.change('a', { shown: 'hidden' as Mark['shown'] })).rejects.toThrow();
      await expect(marks.change('b', { below: 'ajar' as Mark['below'] })).rejects.toThrow();
      expect(await marks.get('a')).toEqual({ generation: 1, below: 'open', shown: 'private' });
      expect(await marks.get('b')).toEqual(unmarked);
    });

    test('give each of many changes of one moment a generation of its own', async () => {
      const changes = await Promise.all(Array.from({ length: 50 }, () => marks.change('a', { shown: 'public' })));
      expect(new Set(changes.map(({ generation }) => generation)).size).toBe(50);
    });

    test('agree with a plain map under any changes', async () => {
      const facts = fc.record(
        {
          below: fc.constantFrom('open', 'closed') as fc.Arbitrary<Mark['below']>,
          shown: fc.constantFrom('unset', 'public', 'private', 'gone') as fc.Arbitrary<Mark['shown']>,
        },
        { requiredKeys: [] },
      );
      const model = new Map<string, Mark>();
      await fc.assert(
        fc.asyncProperty(fc.constantFrom('a', 'b', 'c'), facts, async (key, change) => {
          const before = model.get(key) ?? unmarked;
          const after = { ...before, ...change, generation: before.generation + 1 };
          model.set(key, after);
          expect(await marks.change(key, change)).toEqual(after);
          expect(await marks.get(key)).toEqual(after);
        }),
        { numRuns: 60, endOnFailure: true },
      );
    });
  });
}

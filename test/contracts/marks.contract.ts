import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Intent, type Mark, type MarkRecord, type Marks, unmarked } from '../../src/marks/marks.ts';

/** One place for marks, where they can be opened again and again. */
export interface MarksFixture {
  open(): Promise<Marks>;
}

/** The record after another decision about the key. */
export function decided({ mark, intents }: MarkRecord, facts: Partial<Mark>): MarkRecord {
  return { mark: { ...mark, ...facts, generation: mark.generation + 1 }, intents };
}

export function intentOf(id: string, change: Partial<Intent> = {}): Intent {
  return { id, kind: 'delete', generation: 1, before: { below: 'open', shown: 'unset' }, ...change };
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
    const decide = async (key: string, facts: Partial<Mark>, nowMs = 1000): Promise<Mark> =>
      (await marks.update([key], (record) => decided(record, facts), nowMs)).get(key)!.mark;
    const giveIntents = (key: string, ...intents: Intent[]) =>
      marks.update([key], ({ mark }) => ({ mark: { ...mark, generation: 1 }, intents }), 1000);
    const gone = { below: 'closed', shown: 'gone' } as const;

    test('sources are known for good, and those that are left out are named', async () => {
      expect(await marks.knowSources(['basement', 'attic'])).toEqual([]);
      expect(await marks.knowSources(['attic', 'barn'])).toEqual(['basement']);
      await again();
      expect(await marks.knowSources(['barn'])).toEqual(['attic', 'basement']);
      expect(await marks.knowSources(['attic', 'barn', 'basement'])).toEqual([]);
    });

    describe('decisions', () => {
      test('says "unmarked" of a key about which nothing was decided', async () => {
        expect(await marks.get('a')).toEqual(unmarked);
        expect(await marks.record('a')).toEqual({ mark: unmarked, intents: [] });
      });

      test('are kept as they were made, one on top of the other', async () => {
        expect(await decide('a', { below: 'closed' })).toEqual({ generation: 1, below: 'closed', shown: 'unset' });
        expect(await decide('a', { shown: 'private' })).toEqual({ generation: 2, below: 'closed', shown: 'private' });
        expect(await marks.get('a')).toEqual({ generation: 2, below: 'closed', shown: 'private' });
        expect((await marks.record('a')).mark).toEqual(await marks.get('a'));
      });

      test('that decide nothing leave no trace', async () => {
        const after = await marks.update(['a'], (record) => record, 1000);
        expect(after.get('a')).toEqual({ mark: unmarked, intents: [] });
        expect(await marks.get('a')).toEqual(unmarked);
      });

      test('about one key are none about another', async () => {
        await decide('a', { shown: 'gone' });
        for (const other of ['A', 'a/', '']) expect(await marks.get(other)).toEqual(unmarked);
      });

      test('keep keys with odd characters apart', async () => {
        const odd = ["a'b", 'a"b', 'ü', 'u\u0308', '\u{1f600}', 'a%b', 'a_b', 'a\\b', ' a', 'a '];
        for (const [n, key] of odd.entries()) for (let i = 0; i <= n; i++) await decide(key, { shown: 'public' });
        for (const [n, key] of odd.entries()) expect((await marks.get(key)).generation).toBe(n + 1);
      });

      test('are durable when acknowledged: another reader sees them at once', async () => {
        const other = await fixture.open();
        await decide('a', { shown: 'gone' });
        expect(await other.get('a')).toMatchObject({ shown: 'gone' });
        await other.close();
      });

      test('never use a generation twice, over restarts and over making everything as it was', async () => {
        const seen: number[] = [];
        for (let i = 0; i < 4; i++) {
          seen.push((await decide('a', gone)).generation);
          seen.push((await decide('a', { below: 'open', shown: 'unset' })).generation);
          await again();
        }
        expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
        expect(await marks.get('a')).toEqual({ generation: 8, below: 'open', shown: 'unset' });
      });

      test('with a fact that is none are refused, and what was stays', async () => {
        await decide('a', { shown: 'private' });
        await expect(decide('a', { shown: 'hidden' as Mark['shown'] })).rejects.toThrow();
        await expect(decide('b', { below: 'ajar' as Mark['below'] })).rejects.toThrow();
        expect(await marks.get('a')).toEqual({ generation: 1, below: 'open', shown: 'private' });
        expect(await marks.get('b')).toEqual(unmarked);
      });

      test('of one moment each see the one before', async () => {
        const all = await Promise.all(Array.from({ length: 50 }, () => decide('a', { shown: 'public' })));
        expect(all.map(({ generation }) => generation)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
      });
    });

    describe('a change of many keys', () => {
      const keys = Array.from({ length: 1000 }, (_, n) => `key ${n}`);

      test('gives each its own record, and returns what became of each', async () => {
        await decide('key 7', { shown: 'private' });
        const seen: string[] = [];
        const facts = (key: string): Partial<Mark> => (key === 'key 8' ? gone : {});
        const after = await marks.update(
          keys,
          (record, key) => {
            seen.push(`${key}: ${record.mark.shown}`);
            return decided(record, facts(key));
          },
          1000,
        );
        expect(seen).toEqual(keys.map((key) => `${key}: ${key === 'key 7' ? 'private' : 'unset'}`));
        expect(after.size).toBe(1000);
        for (const key of keys) expect(await marks.record(key)).toEqual(after.get(key));
        expect(await marks.get('key 8')).toMatchObject(gone);
      });

      test('is made whole or not at all: one that cannot be made takes all with it', async () => {
        const poison = (record: MarkRecord, key: string) => {
          if (key === 'key 999') throw new Error('cannot be decided');
          return { ...decided(record, gone), intents: [intentOf(key)] };
        };
        await expect(marks.update(keys, poison, 1000)).rejects.toThrow('cannot be decided');
        for (const key of ['key 0', 'key 500', 'key 999'])
          expect(await marks.record(key)).toEqual({ mark: unmarked, intents: [] });
        expect(await marks.openIntents()).toBe(0);
      });

      test('is made whole or not at all: one that cannot be kept takes all with it', async () => {
        const bad = (record: MarkRecord, key: string) =>
          decided(record, { shown: key === 'key 999' ? ('?' as Mark['shown']) : 'gone' });
        await expect(marks.update(keys, bad, 1000)).rejects.toThrow();
        for (const key of ['key 0', 'key 999']) expect(await marks.get(key)).toEqual(unmarked);
        expect(await decide('key 0', {})).toMatchObject({ generation: 1 });
      });

      test('that names a key twice changes it twice', async () => {
        await marks.update(['a', 'b', 'a'], (record) => decided(record, {}), 1000);
        expect((await marks.get('a')).generation).toBe(2);
        expect((await marks.get('b')).generation).toBe(1);
      });

      test('of none is none', async () => {
        expect((await marks.update([], () => expect.unreachable(), 1000)).size).toBe(0);
      });
    });

    describe('intents', () => {
      const every: Intent[] = [
        intentOf('one', { kind: 'delete', generation: 4, before: { below: 'open', shown: 'private' } }),
        intentOf('two', { kind: 'put', generation: 7, shows: 'public', before: { below: 'closed', shown: 'gone' } }),
        intentOf('three', { kind: 'put', generation: 8, shows: 'unset', etag: 'd41d8cd98f00b204e9800998ecf8427e-2' }),
        intentOf('four', { kind: 'put', generation: 9, shows: 'private' }),
        intentOf('five', { kind: 'acl-private', generation: 10 }),
        intentOf('six', { kind: 'acl-public', generation: 11, before: { below: 'open', shown: 'public' } }),
      ];

      test('are kept with all that was said of them, oldest first, over a restart', async () => {
        await giveIntents('a', ...every);
        expect((await marks.record('a')).intents).toEqual(every);
        await again();
        expect((await marks.record('a')).intents).toEqual(every);
        expect((await marks.record('b')).intents).toEqual([]);
      });

      test('are given to whoever changes the key, and dropped when they are left out', async () => {
        await giveIntents('a', ...every);
        await marks.update(
          ['a'],
          ({ mark, intents }) => {
            expect(intents).toEqual(every);
            return { mark, intents: intents.filter(({ kind }) => kind === 'put') };
          },
          2000,
        );
        await again();
        expect((await marks.record('a')).intents.map(({ id }) => id)).toEqual(['two', 'three', 'four']);
      });

      test('of the same name begun anew take the place of the old one', async () => {
        await giveIntents('a', intentOf('upload', { kind: 'put', generation: 1, shows: 'unset' }));
        const anew = intentOf('upload', { kind: 'put', generation: 2, shows: 'public' });
        await giveIntents('a', anew);
        expect((await marks.record('a')).intents).toEqual([anew]);
      });

      test('of a name that another key has are refused', async () => {
        await giveIntents('a', intentOf('one'));
        await expect(giveIntents('b', intentOf('one'))).rejects.toThrow();
        expect((await marks.record('a')).intents).toEqual([intentOf('one')]);
        expect(await marks.record('b')).toEqual({ mark: unmarked, intents: [] });
      });

      test('of an unknown kind are refused', async () => {
        await expect(giveIntents('a', intentOf('one', { kind: 'rename' as Intent['kind'] }))).rejects.toThrow();
        expect(await marks.get('a')).toEqual(unmarked);
      });

      test('that are open are counted, and their keys told, each once, over a restart', async () => {
        expect(await marks.unsettled()).toEqual([]);
        expect(await marks.openIntents()).toBe(0);
        await giveIntents('a', ...every);
        await giveIntents('b', intentOf('another'));
        await decide('c', gone);
        await again();
        expect([...(await marks.unsettled())].sort()).toEqual(['a', 'b']);
        expect(await marks.openIntents()).toBe(every.length + 1);
        await giveIntents('a');
        await again();
        expect(await marks.unsettled()).toEqual(['b']);
        expect(await marks.openIntents()).toBe(1);
      });

      test('that are open tell since when the oldest of them is, over a restart', async () => {
        const open = (key: string, nowMs: number) =>
          marks.update([key], (record) => ({ ...decided(record, gone), intents: [intentOf(key)] }), nowMs);
        await decide('settled', gone, 100);
        expect(await marks.oldestIntentMs()).toBeUndefined();
        await open('a', 2000);
        await open('b', 1000);
        await again();
        expect(await marks.oldestIntentMs()).toBe(1000);
        await decide('b', gone, 3000);
        expect(await marks.oldestIntentMs()).toBe(2000);
        await giveIntents('a');
        expect(await marks.oldestIntentMs()).toBe(3000);
      });
    });

    describe('forgetting', () => {
      const droppable = async (beforeMs = 9999, limit = 99) =>
        (await marks.droppable(beforeMs, limit)).map(({ key }) => key);
      const review = async (key: string, verdict: 'nowhere' | 'below' | 'later', nowMs = 5000) =>
        marks.review([{ key, generation: (await marks.get(key)).generation, verdict }], nowMs);

      test('is for all but what is private, or shown against the file below', async () => {
        for (const below of ['open', 'closed'] as const)
          for (const shown of ['unset', 'public', 'private', 'gone'] as const)
            await decide(`${below} ${shown}`, { below, shown });
        expect((await droppable()).sort()).toEqual([
          'closed gone',
          'closed public',
          'closed unset',
          'open gone',
          'open unset',
        ]);
      });

      test('takes the oldest first, no more than asked for, and none that changed since', async () => {
        await decide('old', gone, 1000);
        await decide('oldest', gone, 500);
        await decide('young', gone, 3000);
        await decide('old once', gone, 600);
        await decide('old once', gone, 4000);
        expect(await droppable(3000)).toEqual(['oldest', 'old', 'young']);
        expect(await droppable(2999)).toEqual(['oldest', 'old']);
        expect(await droppable(9999, 1)).toEqual(['oldest']);
      });

      test('tells the generation', async () => {
        await decide('a', {});
        await decide('a', gone);
        expect(await marks.droppable(9999, 9)).toEqual([{ key: 'a', generation: 2 }]);
      });

      test('leaves alone what has an intent', async () => {
        await marks.update(['a'], (record) => ({ ...decided(record, gone), intents: [intentOf('one')] }), 1000);
        expect(await droppable()).toEqual([]);
        await review('a', 'nowhere');
        expect(await marks.get('a')).toMatchObject(gone);
        await marks.update(['a'], ({ mark }) => ({ mark, intents: [] }), 1000);
        expect(await droppable()).toEqual(['a']);
      });

      test('of a key that is nowhere below makes it unmarked', async () => {
        await decide('a', gone);
        await decide('b', gone);
        await review('a', 'nowhere');
        await again();
        expect(await marks.get('a')).toEqual(unmarked);
        expect((await marks.record('a')).mark).toMatchObject({ below: 'open', shown: 'unset' });
        expect(await marks.get('b')).toMatchObject(gone);
        expect(await droppable()).toEqual(['b']);
      });

      test('never lets a generation be used again, over a restart and whatever else was forgotten', async () => {
        for (let n = 0; n < 7; n++) await decide('a', gone);
        await decide('b', gone);
        await review('a', 'nowhere');
        await review('b', 'nowhere');
        await again();
        expect((await decide('a', gone)).generation).toBeGreaterThan(7);
        expect((await decide('b', gone)).generation).toBeGreaterThan(1);
      });

      test('is over for a key that is below, until something is decided about it again', async () => {
        await decide('a', gone);
        await review('a', 'below');
        await again();
        expect(await droppable()).toEqual([]);
        expect(await marks.get('a')).toMatchObject(gone);
        await decide('a', {}, 6000);
        expect(await droppable()).toEqual(['a']);
      });

      test('is put off for a key of which it could not be found out', async () => {
        await decide('a', gone, 1000);
        await decide('b', gone, 2000);
        await review('a', 'later', 5000);
        expect(await droppable(4999)).toEqual(['b']);
        expect(await droppable(5000)).toEqual(['b', 'a']);
        expect(await marks.get('a')).toEqual({ generation: 1, ...gone });
      });

      test.each(['nowhere', 'below', 'later'] as const)(
        '"%s" counts for nothing when something was decided since',
        async (verdict) => {
          await decide('a', gone, 1000);
          await decide('a', { shown: 'public' }, 2000);
          await marks.review([{ key: 'a', generation: 1, verdict }], 5000);
          expect(await marks.get('a')).toEqual({ generation: 2, below: 'closed', shown: 'public' });
          expect(await droppable(2000)).toEqual(['a']);
        },
      );

      test('goes on for the others when one of many changed since', async () => {
        for (const key of ['a', 'b', 'c']) await decide(key, gone);
        const old = await marks.droppable(9999, 9);
        await decide('b', {});
        await marks.review(
          old.map((mark) => ({ ...mark, verdict: 'nowhere' as const })),
          5000,
        );
        expect(await droppable()).toEqual(['b']);
      });
    });
  });
}

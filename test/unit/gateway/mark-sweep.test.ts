import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MarkSweep, type MarkSweepOptions } from '../../../src/gateway/mark-sweep.ts';
import { SqliteLedger } from '../../../src/ledger/sqlite-ledger.ts';
import type { Mark } from '../../../src/marks/marks.ts';
import { SqliteMarks } from '../../../src/marks/sqlite-marks.ts';
import { eventually } from '../../support/eventually.ts';
import { scratch } from '../../support/scratch.ts';

const dayMs = 24 * 3600 * 1000;
const afterMs = dayMs + 3600 * 1000;

let marks: SqliteMarks;
let ledger: SqliteLedger;
let nowMs: number;
let asked: string[];
let below: (key: string) => 'nowhere' | 'below' | 'unknown';
let above: 'object' | 'missing' | 'unavailable';

beforeEach(() => {
  const dir = scratch('state');
  marks = new SqliteMarks(join(dir, 'marks.db'));
  ledger = new SqliteLedger(join(dir, 'ledger.db'), { batchMs: 0 });
  nowMs = 1_700_000_000_000;
  asked = [];
  below = () => 'nowhere';
  above = 'missing';
});
afterEach(async () => {
  await ledger.close();
  await marks.close();
});

function sweeper(change: Partial<MarkSweepOptions> = {}): MarkSweep {
  return new MarkSweep({
    marks,
    ledger,
    whereBelow: async (key) => {
      asked.push(key);
      return below(key);
    },
    scanned: async () => false,
    above: async () => above,
    allowed: () => true,
    afterMs,
    everyMs: 1,
    now: () => nowMs,
    failed: (error) => {
      throw error;
    },
    ...change,
  });
}

/** Decided now. */
const decide = (facts: Partial<Mark>, ...keys: string[]) =>
  marks.update(
    keys,
    ({ mark, intents }) => ({ mark: { ...mark, ...facts, generation: mark.generation + 1 }, intents }),
    nowMs,
  );
const gone = { below: 'closed', shown: 'gone' } as const;
const known = async (key: string) =>
  (await marks.get(key)).below === 'closed' || (await marks.get(key)).shown !== 'unset';

describe('a mark is forgotten', () => {
  test('when it is old and no source has the key', async () => {
    await decide(gone, 'a');
    nowMs += afterMs;
    expect(await sweeper().sweep()).toBe(1);
    expect(asked).toEqual(['a']);
    expect(await known('a')).toBe(false);
  });

  test('when what was uploaded in its place is in the bucket', async () => {
    await decide({ below: 'closed', shown: 'public' }, 'a');
    above = 'object';
    nowMs += afterMs;
    await sweeper().sweep();
    expect(await known('a')).toBe(false);
  });

  test('but its generation is never used again', async () => {
    await decide(gone, 'a');
    await decide(gone, 'a');
    nowMs += afterMs;
    await sweeper().sweep();
    await decide(gone, 'a');
    expect((await marks.get('a')).generation).toBe(3);
  });
});

describe('a mark is kept', () => {
  test('before all looks after it are over', async () => {
    await decide(gone, 'a');
    nowMs += afterMs - 1;
    expect(await sweeper().sweep()).toBe(0);
    expect(asked).toEqual([]);
  });

  test('for good when a source has the key, which is not asked again', async () => {
    below = () => 'below';
    await decide(gone, 'a');
    nowMs += afterMs;
    expect(await sweeper().sweep()).toBe(1);
    nowMs += 10 * afterMs;
    expect(await sweeper().sweep()).toBe(0);
    expect(await known('a')).toBe(true);
    expect(asked).toEqual(['a']);
  });

  test('for good when a source had the key once: it was copied from there, or a scan has seen it', async () => {
    await decide(gone, 'copied', 'scanned');
    await ledger.change('copied', { status: 'copied' }, {}, nowMs);
    nowMs += afterMs;
    const sweep = sweeper({ scanned: async (key) => key === 'scanned' });
    expect(await sweep.sweep()).toBe(2);
    nowMs += 10 * afterMs;
    expect(await sweep.sweep()).toBe(0);
    expect([await known('copied'), await known('scanned')]).toEqual([true, true]);
    expect((await ledger.status('copied'))?.status).toBe('copied');
  });

  test.each(['object', 'unavailable'] as const)(
    'when the bucket has what it hides, or cannot be asked: %s',
    async (kind) => {
      await decide(gone, 'a');
      above = kind;
      nowMs += afterMs;
      await sweeper().sweep();
      expect(await known('a')).toBe(true);
      above = 'missing';
      nowMs += afterMs;
      await sweeper().sweep();
      expect(await known('a')).toBe(false);
    },
  );

  test('when a source could not be asked, until it can', async () => {
    below = () => 'unknown';
    await decide(gone, 'a');
    nowMs += afterMs;
    await sweeper().sweep();
    expect(await known('a')).toBe(true);
    below = () => 'nowhere';
    expect(await sweeper().sweep()).toBe(0);
    nowMs += afterMs;
    await sweeper().sweep();
    expect(await known('a')).toBe(false);
  });

  test.each([
    ['a look is due', { look: 2 }],
    [
      'an upload of ours has no known outcome',
      { attempts: [{ id: 'x', generation: 0, md5: '0', size: 1, sourceAcl: 'public' as const, unconditional: false }] },
    ],
  ])('while %s, and no disk is asked', async (_what, change) => {
    await decide(gone, 'a');
    await ledger.change('a', change, {}, nowMs);
    nowMs += afterMs;
    await sweeper().sweep();
    expect(asked).toEqual([]);
    expect(await known('a')).toBe(true);
  });

  test('while an intent is open', async () => {
    const intent = { id: 'i', kind: 'delete', generation: 1, before: { below: 'open', shown: 'unset' } } as const;
    await marks.update(['a'], ({ mark }) => ({ mark: { ...mark, ...gone, generation: 1 }, intents: [intent] }), nowMs);
    nowMs += afterMs;
    expect(await sweeper().sweep()).toBe(0);
    expect(await known('a')).toBe(true);
  });

  test('when it makes something private: only the mark knows', async () => {
    await decide({ shown: 'private' }, 'a');
    await decide({ below: 'closed', shown: 'private' }, 'b');
    nowMs += afterMs;
    expect(await sweeper().sweep()).toBe(0);
  });

  test('when the key was changed while the disks were asked', async () => {
    await decide(gone, 'a');
    nowMs += afterMs;
    const whereBelow = async () => {
      await decide(gone, 'a');
      return 'nowhere' as const;
    };
    await sweeper({ whereBelow }).sweep();
    expect(await marks.get('a')).toEqual({ generation: 2, ...gone });
  });
});

describe('the sweep', () => {
  test('takes some at a time, the oldest first, until none is left', async () => {
    const keys = Array.from({ length: 120 }, (_, n) => `${String(n).padStart(3, '0')}.jpg`);
    for (const key of keys) {
      await decide(gone, key);
      nowMs += 1;
    }
    nowMs += afterMs;
    const sweep = sweeper();
    const sizes: number[] = [];
    for (let size = await sweep.sweep(); size > 0; size = await sweep.sweep()) sizes.push(size);
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.reduce((a, b) => a + b)).toBe(120);
    expect(asked).toEqual(keys);
  });

  test('goes on by itself, also after it failed', async () => {
    await decide(gone, 'a');
    nowMs += afterMs;
    const failures: unknown[] = [];
    below = () => {
      if (failures.length < 2) throw new Error('a bug');
      return 'nowhere';
    };
    const sweep = sweeper({ failed: (error) => failures.push(error) });
    sweep.start();
    await eventually(async () => !(await known('a')), { everyMs: 1 });
    await sweep.stop();
    expect(failures).toHaveLength(2);
  });

  test('does nothing before the move: Mastodon may still write to the disks', async () => {
    await decide(gone, 'a');
    nowMs += afterMs;
    const still = sweeper({ allowed: () => false });
    still.start();
    const moving = sweeper({ whereBelow: async () => 'unknown' });
    moving.start();
    await eventually(async () => (await marks.droppable(nowMs - afterMs, 9)).length === 0, { everyMs: 1 });
    await Promise.all([still.stop(), moving.stop()]);
    expect(asked).toEqual([]);
    expect(await known('a')).toBe(true);
  });

  test('stops while a source is retired, which may come back with what was deleted, and goes on when none is', async () => {
    await decide(gone, 'a', 'b');
    nowMs += afterMs;
    let retired = false;
    const sweep = sweeper({
      allowed: () => !retired,
      whereBelow: async (key) => {
        asked.push(key);
        // Between the two.
        retired = true;
        return 'nowhere';
      },
    });
    expect(await sweep.sweep()).toBe(1);
    expect(await sweep.sweep()).toBe(0);
    expect([asked, await known('a'), await known('b')]).toEqual([['a'], false, true]);
    retired = false;
    await sweep.sweep();
    expect(await known('b')).toBe(false);
  });

  test('is over when it was stopped: it asks for nothing more, and nothing runs on', async () => {
    await decide(gone, 'a', 'b', 'c');
    nowMs += afterMs;
    const first = Promise.withResolvers<'nowhere'>();
    const begun = Promise.withResolvers<void>();
    const whereBelow = (key: string) => {
      asked.push(key);
      begun.resolve();
      return first.promise;
    };
    const sweep = sweeper({ whereBelow });
    sweep.start();
    await begun.promise;
    const stopped = sweep.stop();
    first.resolve('nowhere');
    await stopped;
    expect(asked).toHaveLength(1);
    expect(await Promise.all(['a', 'b', 'c'].map(known))).toEqual([false, true, true]);
  });
});

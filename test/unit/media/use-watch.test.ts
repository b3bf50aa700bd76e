import { beforeEach, describe, expect, test } from 'vitest';
import type { KnownUse, SourceUse } from '../../../src/ledger/proof.ts';
import { UseWatch } from '../../../src/media/use-watch.ts';

const everyMs = 60_000;
const day = 24 * 3_600_000;

let nowMs: number;
let rows: Map<string, { watchedMs: number; lastMs: number | undefined; quietMs: number }>;
let writes: number;
let broken: boolean;
let failures: unknown[];
let inUse: string[];

const use: SourceUse = {
  watch: async (sources, atMs) => {
    for (const source of sources)
      if (!rows.has(source)) rows.set(source, { watchedMs: atMs, lastMs: undefined, quietMs: 0 });
  },
  answered: async (source, atMs) => {
    if (broken) throw new Error('the disk is full');
    writes += 1;
    rows.set(source, { watchedMs: rows.get(source)?.watchedMs ?? atMs, lastMs: atMs, quietMs: 0 });
  },
  passed: async (sources, ms) => {
    if (broken) throw new Error('the disk is full');
    for (const source of sources) {
      const row = rows.get(source);
      if (row) row.quietMs += ms;
    }
  },
  beginQuietAnew: async (sources) => {
    for (const source of sources) {
      const row = rows.get(source);
      if (row) row.quietMs = 0;
    }
  },
  of: async (source): Promise<KnownUse | undefined> => rows.get(source),
};

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  rows = new Map();
  writes = 0;
  broken = false;
  failures = [];
  inUse = ['basement', 'attic'];
});

/** One that is told when a period ends. */
async function watch(change: { quietCounts?: boolean } = {}): Promise<UseWatch> {
  return await UseWatch.begin({
    ...change,
    use,
    sources: () => inUse,
    everyMs,
    now: () => nowMs,
    failed: (error) => failures.push(error),
  });
}

async function periods(watching: UseWatch, n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    nowMs += everyMs;
    await watching.tick();
  }
}

test('while Mastodon still writes to the sources, no time is quiet, and what was before does not count on', async () => {
  const before = await watch();
  await periods(before, 10);
  await before.stop();
  const front = await watch({ quietCounts: false });
  await periods(front, 100);
  await front.stop();
  expect(rows.get('basement')).toMatchObject({ quietMs: 0 });
  await periods(await watch(), 3);
  expect(rows.get('basement')).toMatchObject({ quietMs: 3 * everyMs });
});

describe('the quiet time of a source', () => {
  test('is the time in which the program ran, and not that in which it did not', async () => {
    const first = await watch();
    await periods(first, 10);
    await first.stop();
    nowMs += 3 * day;
    const second = await watch();
    await periods(second, 5);
    await second.stop();
    expect(rows.get('basement')).toMatchObject({ lastMs: undefined, quietMs: 15 * everyMs });
  });

  test('begins anew when a reader needs it, and the other sources keep theirs', async () => {
    const watching = await watch();
    await periods(watching, 10);
    watching.needed('basement');
    const neededMs = nowMs;
    await periods(watching, 3);
    await watching.stop();
    // The period in which it was needed counts for nothing.
    expect(rows.get('basement')).toMatchObject({ lastMs: neededMs, quietMs: 2 * everyMs });
    expect(rows.get('attic')).toMatchObject({ lastMs: undefined, quietMs: 13 * everyMs });
  });

  test('does not grow by a leap of the clock, nor while the machine sleeps', async () => {
    const watching = await watch();
    nowMs += 3 * day;
    await watching.tick();
    nowMs -= 5 * day;
    await watching.tick();
    await watching.stop();
    expect(rows.get('basement')?.quietMs).toBe(2 * everyMs);
  });

  test('does not grow while a source is not in use', async () => {
    const watching = await watch();
    inUse = ['attic'];
    await periods(watching, 4);
    await watching.stop();
    expect(rows.get('basement')?.quietMs).toBe(0);
  });
});

describe('that a reader needed a source', () => {
  test('is on record at once, and then once a period however many they are', async () => {
    const watching = await watch();
    watching.needed('basement');
    expect(rows.get('basement')?.lastMs).toBe(nowMs);
    for (let i = 0; i < 1000; i++) {
      nowMs += 1;
      watching.needed('basement');
    }
    expect(writes).toBe(1);
    const lastMs = nowMs;
    await watching.tick();
    expect([writes, rows.get('basement')?.lastMs]).toEqual([2, lastMs]);
    await periods(watching, 5);
    expect(writes).toBe(2);
    await watching.stop();
  });

  test('is kept when it cannot be written, and no quiet time is counted meanwhile', async () => {
    const watching = await watch();
    await periods(watching, 2);
    broken = true;
    watching.needed('basement');
    const lastMs = nowMs;
    nowMs += everyMs;
    await expect(watching.tick()).rejects.toThrow('the disk is full');
    expect(failures).toHaveLength(1);
    broken = false;
    await periods(watching, 1);
    expect(rows.get('basement')).toMatchObject({ lastMs, quietMs: 0 });
    await watching.stop();
  });
});

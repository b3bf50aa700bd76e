import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { PlannedFile } from '../../../src/backfill/plan.ts';
import { PlanMaker, type PlanMakerOptions } from '../../../src/backfill/plan-maker.ts';
import type { SourceFile } from '../../../src/ledger/files.ts';
import type { CopyStatus } from '../../../src/ledger/ledger.ts';
import { SqlitePlan } from '../../../src/ledger/sqlite-plan.ts';
import { filesOf, objectsOf } from '../../support/plan-parts.ts';
import { scratch } from '../../support/scratch.ts';

const nowMs = Date.UTC(2026, 0);
const signal = new AbortController().signal;
const nobody: ReadonlySet<string> = new Set();

const file = (key: string, more: Partial<SourceFile> = {}): SourceFile => ({
  key,
  source: 'disk',
  size: 1000,
  mtimeUs: (nowMs - 86_400_000) * 1000,
  mode: 0o644,
  ...more,
});

interface World {
  files: SourceFile[];
  statuses?: Record<string, CopyStatus>;
  listed?: string[];
  heat?: Record<string, number>;
  closed?: string[];
  skip?: string[];
  sources?: string[];
  breathe?: (workedMs: number) => Promise<void>;
}

function planned(world: World, database = join(scratch('plan'), 'files.db')) {
  const store = new SqlitePlan(database);
  onTestFinished(() => store.close());
  const { files, statuses = {}, listed = [], heat = {}, closed = [], skip = [], sources = ['disk'] } = world;
  const among = <T>(keys: readonly string[], facts: Record<string, T>) =>
    new Map(keys.flatMap((key) => (facts[key] === undefined ? [] : [[key, facts[key]] as const])));
  const options: PlanMakerOptions = {
    store,
    files: filesOf(files),
    objects: objectsOf(listed),
    ledger: { statuses: async (keys) => among(keys, statuses) },
    heat: { of: async (keys) => among(keys, heat) },
    keep: async (keys) => new Set(keys.filter((key) => !closed.includes(key))),
    skip,
    sources,
    now: () => nowMs,
    breathe: world.breathe ?? (async () => undefined),
  };
  return { plan: new PlanMaker(options), store, database };
}

/** Everything in the plan in its order, taken in bites. */
async function all(plan: Pick<PlanMaker, 'next' | 'took'>, bite = 7): Promise<PlannedFile[]> {
  const taken: PlannedFile[] = [];
  for (;;) {
    const files = await plan.next(bite, nobody);
    if (files.length === 0) return taken;
    await plan.took(files);
    taken.push(...files);
  }
}

const keysOf = (files: readonly { key: string }[]) => files.map(({ key }) => key);

test('what brings most readers upstairs for its bytes comes first', async () => {
  const { plan } = planned({
    files: [
      file('big.mp4', { size: 60_000_000 }),
      file('small.jpg', { size: 10_000 }),
      file('old.jpg', { size: 10_000, mtimeUs: 0 }),
      file('asked.jpg', { size: 500_000 }),
      file('accounts/avatars/1/original/a.png', { size: 10_000 }),
    ],
    heat: { 'asked.jpg': 1000 },
  });
  expect(await plan.make(signal)).toEqual({ files: 5, bytes: 60_530_000 });
  expect(keysOf(await all(plan))).toEqual([
    'asked.jpg',
    'accounts/avatars/1/original/a.png',
    'small.jpg',
    'old.jpg',
    'big.mp4',
  ]);
});

test('what is skipped, closed by a mark, copied, superseded, wanted or given up is left out', async () => {
  const { plan } = planned({
    files: ['cache/a', 'closed', 'copied', 'superseded', 'wanted', 'refused', 'left'].map((key) => file(key)),
    skip: ['cache/'],
    closed: ['closed'],
    statuses: { copied: 'copied', superseded: 'superseded', wanted: 'wanted', refused: 'refused' },
  });
  await plan.make(signal);
  expect(keysOf(await all(plan))).toEqual(['left']);
});

test('what other servers have, and what the bucket has, comes when all others are up, and no place is kept for it', async () => {
  const { plan } = planned({
    files: [
      ...Array.from({ length: 50 }, (_, n) => file(`z${n}`, { size: 1_000_000 })),
      ...['cache/a', 'cache/listed', 'listed', 'cache/b'].map((key) => file(key, { size: 1 })),
    ],
    listed: ['cache/listed', 'listed', 'elsewhere'],
    heat: { 'cache/a': 1e9, listed: 1e9 },
  });
  await plan.make(signal);
  const keys = keysOf(await all(plan));
  expect(keys.slice(0, 50).every((key) => key.startsWith('z'))).toBe(true);
  expect(keys.slice(50)).toEqual(['cache/a', 'cache/b', 'listed', 'cache/listed']);
});

test('of several sources that have a key the first of the configuration counts, also where a page ends between them', async () => {
  const files = Array.from({ length: 700 }, (_, n) =>
    ['a-source', 'b-source', 'unknown'].map((source) => file(`k${n}`, { source, size: source === 'b-source' ? 7 : 9 })),
  ).flat();
  const { plan } = planned({ files, sources: ['b-source', 'a-source'] });
  expect(await plan.make(signal)).toEqual({ files: 700, bytes: 4900 });
  expect(new Set((await all(plan, 100)).map(({ source }) => source))).toEqual(new Set(['b-source']));
});

test('a source that is to be left alone keeps its files, and the others have their turn', async () => {
  const { plan } = planned({
    files: [file('a', { source: 'ill' }), file('b', { source: 'well' })],
    sources: ['ill', 'well'],
  });
  await plan.make(signal);
  const given = await plan.next(10, new Set(['ill']));
  expect(keysOf(given)).toEqual(['b']);
  await plan.took(given);
  expect(await plan.next(10, new Set(['ill']))).toEqual([]);
  expect(await plan.left()).toEqual({
    madeMs: nowMs,
    bySource: [
      { source: 'ill', files: 1, bytes: 1000 },
      { source: 'well', files: 0, bytes: 0 },
    ],
  });
});

test('the one before stays in force until the new one is whole, and goes then', async () => {
  const database = join(scratch('plan'), 'files.db');
  const { plan } = planned({ files: [file('old')] }, database);
  await plan.make(signal);
  let seen: readonly PlannedFile[] = [];
  const later = planned(
    {
      files: Array.from({ length: 600 }, (_, n) => file(`new${n}`)),
      breathe: async () => {
        const now = await plan.next(1, nobody);
        if (keysOf(now)[0] === 'old') seen = now;
        else expect(keysOf(now)[0]).toMatch(/^new/);
      },
    },
    database,
  );
  await later.plan.make(signal);
  expect(keysOf(seen)).toEqual(['old']);
  expect(await all(plan)).toHaveLength(600);
});

test('a plan that was not made to its end leaves the one before in force, also after a restart, and nothing behind', async () => {
  const database = join(scratch('plan'), 'files.db');
  const { plan } = planned({ files: [file('old')] }, database);
  await plan.make(signal);
  const stop = new AbortController();
  const broken = planned(
    { files: Array.from({ length: 2000 }, (_, n) => file(`new${n}`)), breathe: async () => stop.abort() },
    database,
  );
  let breaths = 0;
  const half = planned(
    {
      files: Array.from({ length: 2000 }, (_, n) => file(`new${n}`)),
      breathe: async () => {
        breaths += 1;
        if (breaths === 12) throw new Error('killed');
      },
    },
    database,
  );
  await expect(broken.plan.make(stop.signal)).rejects.toThrow(/aborted/);
  await expect(half.plan.make(signal)).rejects.toThrow('killed');
  const restarted = planned({ files: [file('newest')] }, database);
  expect(keysOf(await restarted.plan.next(10, nobody))).toEqual(['old']);
  await restarted.plan.make(signal);
  expect(keysOf(await all(restarted.plan))).toEqual(['newest']);
  expect(await restarted.store.tidy(1)).toBe(false);
});

test('after a restart it goes on with what was not taken', async () => {
  const database = join(scratch('plan'), 'files.db');
  const { plan } = planned({ files: Array.from({ length: 10 }, (_, n) => file(`k${n}`)) }, database);
  await plan.make(signal);
  await plan.took(await plan.next(4, nobody));
  const restarted = planned({ files: [] }, database);
  expect(await restarted.plan.left()).toMatchObject({ bySource: [{ files: 6, bytes: 6000 }] });
  expect(keysOf(await all(restarted.plan))).toEqual(['k4', 'k5', 'k6', 'k7', 'k8', 'k9']);
});

test('without a plan there is nothing to take, and nothing left', async () => {
  const { plan } = planned({ files: [] });
  expect(await plan.next(10, nobody)).toEqual([]);
  expect(await plan.left()).toBeUndefined();
  await plan.make(signal);
  expect(await plan.left()).toEqual({ madeMs: nowMs, bySource: [] });
});

test('who asks for a plan while one is being made gets that one', async () => {
  const { plan } = planned({ files: [file('a')] });
  const [one, other] = await Promise.all([plan.make(signal), plan.make(signal)]);
  expect(one).toBe(other);
});

test('a large plan is made and put away in small bites, with breaths between them', async () => {
  const files = Array.from({ length: 20_000 }, (_, n) => file(`media/${String(n).padStart(6, '0')}`));
  let breaths = 0;
  const { plan, database } = planned({
    files,
    listed: keysOf(files).slice(0, 5000),
    breathe: async () => void breaths++,
  });
  await plan.make(signal);
  // Each page of 256 files: before, between and after its steps.
  expect(breaths).toBeGreaterThan((20_000 / 256) * 4);
  breaths = 0;
  const again = planned({ files: [], breathe: async () => void breaths++ }, database);
  await again.plan.make(signal);
  expect(breaths).toBeGreaterThanOrEqual(20_000 / 500);
  expect(await again.store.tidy(1)).toBe(false);
});

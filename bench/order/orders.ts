import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatheredViews } from '../../src/backfill/access-log/gathered-views.ts';
import { PlanMaker } from '../../src/backfill/plan-maker.ts';
import type { SourceFile } from '../../src/ledger/files.ts';
import { SqliteHeat } from '../../src/ledger/sqlite-heat.ts';
import { SqlitePlan } from '../../src/ledger/sqlite-plan.ts';
import { compareBytes } from '../../src/lib/byte-order.ts';
import { filesOf, objectsOf } from '../../test/support/plan-parts.ts';
import type { Trace } from './trace.ts';

/** In which order files go up, by key; what is left out never does. */
export interface Order {
  readonly name: string;
  /** It knows nothing of requests. */
  readonly blind: boolean;
  of(trace: Trace): Promise<readonly SourceFile[]>;
}

const byKey = (a: SourceFile, b: SourceFile) => compareBytes(a.key, b.key);

/** What people do today, what Upstairs does, and what nobody can do better. */
export const orders: readonly Order[] = [
  { name: "rclone's default order", blind: true, of: async ({ files }) => files.toSorted(byKey) },
  {
    name: 'rclone, newest first',
    blind: true,
    of: async ({ files }) => files.toSorted((a, b) => b.mtimeUs - a.mtimeUs || byKey(a, b)),
  },
  {
    name: 'smallest first',
    blind: true,
    of: async ({ files }) => files.toSorted((a, b) => a.size - b.size || byKey(a, b)),
  },
  {
    name: 'plain read-through',
    blind: false,
    of: async ({ files, first }) => [...new Set(first)].map((n) => files[n]!),
  },
  { name: 'Upstairs, without a log', blind: true, of: (trace) => planned(trace, false) },
  { name: 'Upstairs, with a log', blind: false, of: (trace) => planned(trace, true) },
  { name: 'the best possible', blind: false, of: async ({ files, second }) => bestFor(files, second) },
];

/** By true requests for each byte. */
function bestFor(files: readonly SourceFile[], asked: readonly number[]): SourceFile[] {
  const requests = new Float64Array(files.length);
  for (const n of asked) requests[n]! += 1;
  const perByte = files.map((file, n) => ({ file, value: requests[n]! / file.size }));
  return perByte.sort((a, b) => b.value - a.value).map(({ file }) => file);
}

/** By the real plan, from its store. */
async function planned({ files, first, beganMs, halfMs }: Trace, withLog: boolean): Promise<SourceFile[]> {
  const dir = mkdtempSync(join(tmpdir(), 'upstairs-order-'));
  const database = join(dir, 'files.db');
  const heat = new SqliteHeat(database, { halfLifeMs: 7 * 86_400_000, maxKeys: 1_000_000, nowMs: halfMs });
  const store = new SqlitePlan(database);
  try {
    if (withLog) await measure(heat, files, first, { beganMs, halfMs });
    const plan = new PlanMaker({
      store,
      heat,
      files: filesOf(files),
      objects: objectsOf([]),
      ledger: { statuses: async () => new Map() },
      keep: async (keys) => new Set(keys),
      skip: [],
      sources: () => ['disk'],
      now: () => halfMs,
      breathe: async () => undefined,
    });
    await plan.make(new AbortController().signal);
    const known = new Map(files.map((file) => [file.key, file]));
    const order: SourceFile[] = [];
    for (;;) {
      const next = await plan.next(500, new Set());
      if (next.length === 0) return order;
      await plan.took(next);
      for (const { key } of next) order.push(known.get(key)!);
    }
  } finally {
    await store.close();
    await heat.close();
    rmSync(dir, { recursive: true });
  }
}

/** The first half as a log tells of it: evenly spread over its time. */
async function measure(
  heat: SqliteHeat,
  files: readonly SourceFile[],
  asked: readonly number[],
  { beganMs, halfMs }: { beganMs: number; halfMs: number },
): Promise<void> {
  const views = new GatheredViews();
  for (const [at, n] of asked.entries()) {
    views.add(files[n]!.key, beganMs + ((halfMs - beganMs) * at) / asked.length);
    if (views.size === 500) await heat.add(views.take(500), halfMs);
  }
  await heat.add(views.take(500), halfMs);
}

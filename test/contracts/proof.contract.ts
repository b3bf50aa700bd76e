import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Retired, SourceUse } from '../../src/ledger/proof.ts';
import type { TierShares } from '../../src/ledger/tier-shares.ts';

export interface ProofStores {
  readonly retired: Retired;
  readonly use: SourceUse;
  readonly shares: TierShares;
  close(): Promise<void>;
}

/** A place that stores can be opened in again and again, also by several at once. */
export interface ProofPlace {
  open(): Promise<ProofStores>;
}

const slotMs = 5 * 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const t0 = 1_800_000_000_000;

/** What every implementation of Retired, SourceUse and TierShares must do. */
export function proofContract(name: string, place: () => ProofPlace): void {
  let here: ProofPlace;
  let stores: ProofStores;
  beforeEach(async () => {
    here = place();
    stores = await here.open();
  });
  afterEach(() => stores.close());

  async function again(): Promise<ProofStores> {
    await stores.close();
    stores = await here.open();
    return stores;
  }

  describe(`retired sources in ${name}`, () => {
    test('stay retired since when they were, over a restart, until they are restored', async () => {
      await stores.retired.retire('basement', t0);
      await stores.retired.retire('attic', t0 + 1);
      await stores.retired.retire('basement', t0 + 2);
      const { retired } = await again();
      expect(await retired.all()).toEqual([
        { source: 'attic', sinceMs: t0 + 1 },
        { source: 'basement', sinceMs: t0 },
      ]);
      await retired.restore('basement');
      await retired.restore('never-retired');
      expect(await retired.all()).toEqual([{ source: 'attic', sinceMs: t0 + 1 }]);
    });

    test('are seen by who looks from elsewhere, at once', async () => {
      const other = await here.open();
      await stores.retired.retire('basement', t0);
      expect(await other.retired.all()).toHaveLength(1);
      await stores.retired.restore('basement');
      expect(await other.retired.all()).toHaveLength(0);
      await other.close();
    });

    test('begin their quiet time anew when they are restored: that nobody could ask proves nothing', async () => {
      await stores.use.watch(['basement'], t0);
      await stores.use.passed(['basement'], 100 * hourMs);
      await stores.retired.retire('basement', t0);
      await stores.retired.restore('basement');
      expect(await stores.use.of('basement')).toEqual({ watchedMs: t0, lastMs: undefined, quietMs: 0 });
    });
  });

  describe(`the use of sources in ${name}`, () => {
    test('is not known before a source is watched, and watched since it first was', async () => {
      expect(await stores.use.of('basement')).toBeUndefined();
      await stores.use.passed(['basement'], hourMs);
      expect(await stores.use.of('basement')).toBeUndefined();
      await stores.use.watch(['basement', 'attic'], t0);
      await stores.use.watch(['basement', 'cellar'], t0 + 5);
      const { use } = await again();
      expect(await use.of('basement')).toEqual({ watchedMs: t0, lastMs: undefined, quietMs: 0 });
      expect(await use.of('cellar')).toEqual({ watchedMs: t0 + 5, lastMs: undefined, quietMs: 0 });
    });

    test('is quiet for as long as is told, until a reader needs the source', async () => {
      await stores.use.watch(['basement', 'attic'], t0);
      await stores.use.passed(['basement', 'attic'], hourMs);
      await stores.use.passed(['basement'], 2 * hourMs);
      await stores.use.answered('attic', t0 + 7);
      await stores.use.passed(['attic'], 1);
      const { use } = await again();
      expect(await use.of('basement')).toEqual({ watchedMs: t0, lastMs: undefined, quietMs: 3 * hourMs });
      expect(await use.of('attic')).toEqual({ watchedMs: t0, lastMs: t0 + 7, quietMs: 1 });
    });

    test('never goes back in time', async () => {
      await stores.use.answered('basement', t0);
      await stores.use.answered('basement', t0 - hourMs);
      expect(await stores.use.of('basement')).toEqual({ watchedMs: t0, lastMs: t0, quietMs: 0 });
    });
  });

  describe(`answers by tier in ${name}`, () => {
    const answers = (n: number) => [
      { tier: 'bucket', requests: n, bytes: 10 * n },
      { tier: 'cache', requests: 1, bytes: 0 },
    ];

    test('are told since a time, and of all time, over a restart', async () => {
      await stores.shares.add(answers(1), t0);
      await stores.shares.add(answers(2), t0 + 2 * hourMs);
      await stores.shares.add(answers(3), t0 + 2 * hourMs);
      const { shares } = await again();
      expect(await shares.since(t0 + hourMs)).toEqual([
        { tier: 'bucket', requests: 5, bytes: 50 },
        { tier: 'cache', requests: 2, bytes: 0 },
      ]);
      expect(await shares.since(t0)).toEqual(await shares.since(undefined));
      expect(await shares.since(undefined)).toContainEqual({ tier: 'bucket', requests: 6, bytes: 60 });
      expect(await shares.since(t0 + 3 * hourMs)).toEqual([]);
    });

    test('are told to within a few minutes, and never less than there were', async () => {
      for (let i = 0; i < 60; i++)
        await stores.shares.add([{ tier: 'bucket', requests: 1, bytes: 1 }], t0 + i * 60_000);
      const [bucket] = await stores.shares.since(t0 + 30 * 60_000);
      expect(bucket?.requests).toBeGreaterThanOrEqual(30);
      expect(bucket?.requests).toBeLessThanOrEqual(35);
    });

    test('add up over days, of which the last is known by the time', async () => {
      for (let i = 0; i < 3 * (dayMs / slotMs); i++)
        await stores.shares.add([{ tier: 'bucket', requests: 1, bytes: 2 }], t0 + i * slotMs);
      const nowMs = t0 + 3 * dayMs;
      expect(await stores.shares.since(undefined)).toEqual([{ tier: 'bucket', requests: 864, bytes: 1728 }]);
      const [day] = await stores.shares.since(nowMs - dayMs);
      expect(day?.requests).toBeGreaterThanOrEqual(288);
      expect(day?.requests).toBeLessThanOrEqual(289);
    });
  });
}

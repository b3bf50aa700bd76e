import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Verification, Verifications } from '../../src/ledger/proof.ts';

export interface VerificationsHarness {
  open(): Promise<Verifications & { close(): Promise<void> }>;
}

export const verification: Verification = {
  beganMs: 1_700_000_000_000,
  endedMs: 1_700_000_100_000,
  mode: 'download',
  percent: 0.5,
  sources: ['attic', 'basement'],
  clean: true,
  counts: { equal: 1, onlyBelow: 2, onlyAbove: 3, different: 4, error: 5, excepted: 6 },
  newsMs: { attic: 1_699_999_000_000 },
  stateHash: 'ab'.repeat(32),
};

/** What every implementation of `Verifications` does. */
export function verificationsContract(name: string, harness: () => VerificationsHarness): void {
  describe(`results of verifications in ${name}`, () => {
    let store: Awaited<ReturnType<VerificationsHarness['open']>>;
    let at: VerificationsHarness;

    beforeEach(async () => {
      at = harness();
      store = await at.open();
      onTestFinished(() => store.close());
    });

    test('are kept as they were, and found by each of their sources', async () => {
      await store.record(verification);
      expect(await store.last('basement')).toEqual(verification);
      expect(await store.last('attic')).toEqual(verification);
      expect(await store.last('elsewhere')).toBeUndefined();
    });

    test('the newest counts for the sources that it was about, and for no other', async () => {
      await store.record(verification);
      const later = { ...verification, sources: ['attic'], clean: false, mode: 'recorded', percent: 0 } as const;
      await store.record(later);
      expect(await store.last('attic')).toEqual(later);
      expect(await store.last('basement')).toEqual(verification);
    });

    test('what was found wrong counts until a look as close finds it right', async () => {
      const found = { ...verification, mode: 'source', percent: 100, clean: false } as const;
      const glance = { ...verification, mode: 'recorded', percent: 0, clean: true } as const;
      await store.record(found);
      await store.record(glance);
      expect(await store.last('basement')).toEqual(found);
      await store.record({ ...found, clean: true });
      await store.record(glance);
      expect(await store.last('basement')).toEqual(glance);
      await store.record({ ...glance, clean: false });
      await store.record(glance);
      expect(await store.last('basement')).toEqual(glance);
    });

    test('what a close look found wrong counts, whatever looks less close find wrong or right after it', async () => {
      const reread = { ...verification, mode: 'source', percent: 0, clean: false } as const;
      const sampled = { ...verification, mode: 'download', percent: 5, clean: false } as const;
      const glance = { ...verification, mode: 'recorded', percent: 0, clean: true } as const;
      await store.record(reread);
      await store.record({ ...glance, clean: false });
      await store.record(glance);
      expect(await store.last('basement')).toEqual(reread);
      await store.record(sampled);
      expect(await store.last('basement')).toEqual(sampled);
      await store.record({ ...sampled, clean: true });
      expect(await store.last('basement')).toEqual(reread);
      await store.record({ ...reread, clean: true });
      expect(await store.last('basement')).toEqual({ ...reread, clean: true });
    });

    test('what one sample found wrong is not found right by another one, but by a whole look', async () => {
      const found = { ...verification, percent: 5, seed: 'one', clean: false } as const;
      const right = { ...found, clean: true } as const;
      await store.record(found);
      await store.record({ ...right, seed: 'two' });
      await store.record({ ...right, percent: 50, seed: 'two' });
      expect(await store.last('basement')).toEqual(found);
      await store.record(right);
      expect(await store.last('basement')).toEqual(right);
      await store.record(found);
      await store.record({ ...right, percent: 100, seed: undefined });
      expect(await store.last('basement')).toEqual({ ...right, percent: 100, seed: undefined });
    });

    test('what was proven is forgotten where the ledger is put back, and what was found wrong is not', async () => {
      const found = { ...verification, mode: 'source', percent: 0, clean: false } as const;
      const glance = { ...verification, mode: 'recorded', percent: 0, clean: true } as const;
      await store.record({ ...found, sources: ['attic'] });
      await store.record(glance);
      await store.forgetProven();
      expect(await store.last('attic')).toEqual({ ...found, sources: ['attic'] });
      expect(await store.last('basement')).toBeUndefined();
    });

    test('outlive the process', async () => {
      await store.record(verification);
      const again = await at.open();
      expect(await again.last('basement')).toEqual(verification);
      await again.close();
    });
  });
}

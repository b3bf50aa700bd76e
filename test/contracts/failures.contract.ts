import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Failures } from '../../src/ledger/failures.ts';
import type { ChangeDetails, CopyReason, CopyStatus, Ledger } from '../../src/ledger/ledger.ts';

/** A ledger and its failures, over the same rows. */
export interface FailuresFixture {
  readonly ledger: Ledger;
  readonly failures: Failures;
  /** Puts a key that is wanted into the backfill's lane; and tells which it is in. */
  setLane(key: string, lane: number): void;
  laneOf(key: string): number;
}

/** What every record of failures owes the operator. */
export function failuresContract(name: string, open: () => Promise<FailuresFixture>): void {
  describe(`${name} as a record of failures`, () => {
    let fixture: FailuresFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(async () => {
      await fixture.failures.close();
      await fixture.ledger.close();
    });

    const fail = async (
      key: string,
      reason: CopyReason,
      how: { status?: CopyStatus; details?: ChangeDetails } = {},
    ) => {
      const { status = 'refused', details = {} } = how;
      await fixture.ledger.ask(new Map([[key, 1]]), 1000, -1);
      const counts = { tries: 2, failures: 2, notBeforeMs: 9000 };
      await fixture.ledger.change(key, { status }, { reason, ...counts, ...details }, 2000);
    };
    const keys = async (reason?: CopyReason) =>
      (await fixture.failures.page(undefined, 99, reason)).map(({ key }) => key);

    test('has what was given up and what waits for another try, and nothing else', async () => {
      const { ledger, failures } = fixture;
      await fail('given-up.jpg', 'damaged');
      await fail('waiting.jpg', 'changed', { status: 'wanted' });
      await fail('young.jpg', 'too-young', { status: 'wanted', details: { tries: 0 } });
      await ledger.ask(new Map([['wanted.jpg', 1]]), 1000, -1);
      await fail('copied.jpg', 'changed', { status: 'wanted' });
      await ledger.change('copied.jpg', { status: 'copied' }, { reason: null, tries: 0 }, 3000);
      expect(await failures.page(undefined, 99)).toEqual([
        {
          ...{ key: 'waiting.jpg', state: 'waiting', reason: 'changed', tries: 2, sinceMs: 1000, nextTryMs: 9000 },
          ...{ detail: undefined, file: undefined },
        },
        expect.objectContaining({ key: 'given-up.jpg', state: 'given-up', reason: 'damaged', nextTryMs: undefined }),
      ]);
    });

    test('has the detail and the file, until a copy succeeds', async () => {
      const { ledger, failures } = fixture;
      const file = { source: 'basement', size: 900_000, mtime: '1614834367.123456' };
      await fail('a.mp4', 'damaged', { details: { detail: 'EIO at byte 131072 of 900000', failed: file } });
      expect(await failures.page(undefined, 9)).toMatchObject([{ detail: 'EIO at byte 131072 of 900000', file }]);
      await fail('a.mp4', 'source-unavailable', { status: 'wanted' });
      expect(await failures.page(undefined, 9)).toMatchObject([{ detail: undefined, file: undefined }]);
      await ledger.change('a.mp4', { status: 'copied' }, { reason: null }, 3000);
      expect(await failures.page(undefined, 9)).toEqual([]);
    });

    test('is paged in order of reason, what was given up first, then key', async () => {
      for (const key of ['c', 'a', 'ä', 'b']) await fail(key, 'damaged');
      await fail('0', 'damaged', { status: 'wanted' });
      await fail('z', 'changed');
      await fail('1', 'unreadable');
      const all: string[] = [];
      let after: Awaited<ReturnType<Failures['page']>>[number] | undefined;
      for (;;) {
        const page = await fixture.failures.page(after, 2);
        all.push(...page.map(({ key }) => key));
        after = page.at(-1);
        if (page.length < 2) break;
      }
      expect(all).toEqual(['z', 'a', 'b', 'c', 'ä', '0', '1']);
      expect(await keys('damaged')).toEqual(['a', 'b', 'c', 'ä', '0']);
      expect(await keys('too-large')).toEqual([]);
    });

    test('counts by reason and state', async () => {
      for (const key of ['a', 'b', 'c']) await fail(key, 'damaged');
      await fail('d', 'damaged', { status: 'wanted' });
      await fail('e', 'changed');
      expect(await fixture.failures.counts()).toEqual([
        { reason: 'changed', state: 'given-up', keys: 1 },
        { reason: 'damaged', state: 'given-up', keys: 3 },
        { reason: 'damaged', state: 'waiting', keys: 1 },
      ]);
    });

    test('has them tried again at once and as if they had never failed, in their lane', async () => {
      const { ledger, failures } = fixture;
      await fail('a', 'damaged');
      await fail('b', 'changed', { status: 'wanted' });
      fixture.setLane('a', 1);
      expect(await failures.retry('all', 5000)).toBe(2);
      expect(await failures.page(undefined, 9)).toEqual([]);
      for (const key of ['a', 'b'])
        expect(await ledger.queued(key)).toEqual({ tries: 0, failures: 0, notBeforeMs: 5000, lookFirst: false });
      expect([fixture.laneOf('a'), fixture.laneOf('b')]).toEqual([1, 0]);
      expect(await ledger.due(5000, 9)).toEqual(['b']);
      expect((await ledger.counts(5000)).byStatus).toMatchObject({ wanted: 2, refused: 0 });
    });

    test('has those of one reason tried again, or these keys, and leaves what is no failure alone', async () => {
      const { ledger, failures } = fixture;
      await fail('a', 'damaged');
      await fail('b', 'changed');
      await fail('c', 'changed');
      await ledger.change('done', { status: 'copied' }, {}, 1000);
      expect(await failures.retry({ reason: 'damaged' }, 5000)).toBe(1);
      expect(await failures.retry({ keys: ['b', 'done', 'unknown', 'a'] }, 5000)).toBe(1);
      expect(await keys()).toEqual(['c']);
      expect(await ledger.status('done')).toMatchObject({ status: 'copied' });
      expect(await ledger.status('unknown')).toBeUndefined();
    });

    test('has more than one bite of them tried again', async () => {
      for (let n = 0; n < 1201; n++)
        await fail(`${n}`, n % 2 ? 'damaged' : 'changed', { status: n % 3 ? 'refused' : 'wanted' });
      expect((await fixture.failures.counts()).reduce((sum, { keys: n }) => sum + n, 0)).toBe(1201);
      expect(await fixture.failures.retry('all', 5000)).toBe(1201);
      expect(await keys()).toEqual([]);
    });
  });
}

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Attempt,
  type ChangeDetails,
  type CopyRecord,
  type CopyStatus,
  type Ledger,
  noRecord,
  type RecordChange,
} from '../../src/ledger/ledger.ts';
import type { RecordedCopies } from '../../src/ledger/recorded-copies.ts';
import { noMarks } from '../../src/marks/marks.ts';
import type { State } from '../../src/protocol/state.ts';
import { step } from '../../src/protocol/step.ts';

/** One ledger's place, where it can be opened again and again. */
export interface LedgerFixture {
  open(): Promise<Ledger & RecordedCopies>;
}

export function attempt(id: string, change: Partial<Attempt> = {}): Attempt {
  return {
    id,
    generation: 3,
    md5: '9e107d9d372bb6826bd81d3542a419d6',
    size: 43,
    sourceAcl: 'public',
    unconditional: false,
    ...change,
  };
}

/** What every ledger owes the mover. */
export function ledgerContract(name: string, makeFixture: () => LedgerFixture): void {
  describe(`${name} as a ledger`, () => {
    let fixture: LedgerFixture;
    let ledger: Ledger & RecordedCopies;

    beforeEach(async () => {
      fixture = makeFixture();
      ledger = await fixture.open();
    });
    afterEach(() => ledger.close());

    const ask = (key: string, nowMs = 1000, n = 1) => ledger.ask(new Map([[key, n]]), nowMs, -1);
    const change = (key: string, what: RecordChange, details: ChangeDetails = {}, nowMs = 2000) =>
      ledger.change(key, what, details, nowMs);
    const again = async () => {
      await ledger.close();
      ledger = await fixture.open();
    };

    describe('its name and its bucket', () => {
      test('keeps the name it was given at its birth', async () => {
        const { id } = ledger;
        expect(id).toMatch(/^[0-9a-f-]{36}$/);
        await again();
        expect(ledger.id).toBe(id);
      });

      test('is bound to nothing at first, and then remembers its bucket', async () => {
        expect(await ledger.binding()).toBeUndefined();
        await ledger.bind({ endpoint: 'https://s3', bucket: 'media' });
        await again();
        expect(await ledger.binding()).toEqual({ endpoint: 'https://s3', bucket: 'media' });
      });
    });

    describe('asking for a copy', () => {
      test('makes an unknown key wanted, since now', async () => {
        await ask('a', 1234);
        expect(await ledger.status('a')).toEqual({ status: 'wanted', sinceMs: 1234 });
        expect(await ledger.queued('a')).toMatchObject({ tries: 0, notBeforeMs: 0 });
        expect(await ledger.due(1234, 10)).toEqual(['a']);
      });

      test('tells the statuses of many keys at once, and leaves out those that nobody asked for', async () => {
        await ask('a', 1);
        await ask('b', 1);
        await ledger.change('b', { status: 'copied' }, {}, 2);
        await ledger.change('c', { status: 'none', look: 0 }, {}, 2);
        expect(await ledger.statuses(['d', 'b', 'c', 'a'])).toEqual(
          new Map([
            ['b', 'copied'],
            ['a', 'wanted'],
          ]),
        );
        expect(await ledger.statuses([])).toEqual(new Map());
      });

      test('knows nothing of a key that nobody asked for', async () => {
        expect(await ledger.record('a')).toEqual(noRecord);
        expect(await ledger.status('a')).toBeUndefined();
        expect(await ledger.queued('a')).toBeUndefined();
      });

      test('twice is one key that is asked for more', async () => {
        await ask('once');
        await Promise.all([ask('twice', 1001), ask('twice', 1002)]);
        expect(await ledger.due(5000, 10)).toEqual(['twice', 'once']);
        expect((await ledger.counts(5000)).byStatus.wanted).toBe(2);
      });

      test.each(['copied', 'superseded', 'refused'] as const)('leaves a %s key what it is', async (status) => {
        await ask('a');
        await change('a', { status });
        await ask('a', 9000, 5);
        expect(await ledger.status('a')).toEqual({ status, sinceMs: 2000 });
        expect(await ledger.due(9999, 10)).toEqual([]);
      });

      test('makes a key wanted again whose request was dropped while an upload was open', async () => {
        await ask('a');
        await change('a', { status: 'none', attempts: [attempt('1')] });
        expect(await ledger.status('a')).toBeUndefined();
        await ask('a', 9000);
        expect(await ledger.status('a')).toEqual({ status: 'wanted', sinceMs: 9000 });
        expect((await ledger.record('a')).attempts).toEqual([attempt('1')]);
      });

      test('counts several keys in one go', async () => {
        await ledger.ask(new Map(Object.entries({ a: 1, b: 3, c: 2 })), 1000, -1);
        expect(await ledger.due(1000, 10)).toEqual(['b', 'c', 'a']);
      });
    });

    describe('uploads in parts', () => {
      const upload = (n: number) => ({ uploadId: `upload ${n}`, key: 'a', copyId: `copy ${n}` });

      test('are left once no attempt of theirs is open, oldest first, and gone when they are over', async () => {
        await ledger.parts.begun(upload(2), 1000);
        await ledger.parts.begun(upload(1), 2000);
        expect(await ledger.parts.left(9)).toEqual([upload(2), upload(1)]);
        expect(await ledger.parts.left(1)).toEqual([upload(2)]);
        await change('a', { attempts: [attempt('copy 2', { unconditional: true })] });
        expect(await ledger.parts.left(9)).toEqual([upload(1)]);
        await again();
        expect(await ledger.parts.left(9)).toEqual([upload(1)]);
        await change('a', { attempts: [] });
        await ledger.parts.over('upload 1');
        expect(await ledger.parts.left(9)).toEqual([upload(2)]);
      });

      test('keep on record that their completion has no condition', async () => {
        const attempts = [attempt('1'), attempt('2', { unconditional: true })];
        await change('a', { attempts });
        await again();
        expect((await ledger.record('a')).attempts).toEqual(attempts);
      });
    });

    describe('whose turn it is', () => {
      test('the most asked-for first, then the oldest', async () => {
        await ask('young', 3000);
        await ask('old', 1000);
        await ask('loved', 5000, 7);
        expect(await ledger.due(9000, 10)).toEqual(['loved', 'old', 'young']);
        expect(await ledger.due(9000, 2)).toEqual(['loved', 'old']);
      });

      test('not before its time', async () => {
        await ask('a');
        await change('a', {}, { notBeforeMs: 5000 });
        expect(await ledger.due(4999, 10)).toEqual([]);
        expect(await ledger.queued('a')).toMatchObject({ tries: 0, notBeforeMs: 5000 });
        expect(await ledger.nextDueMs(4999)).toBe(5000);
        expect(await ledger.due(5000, 10)).toEqual(['a']);
        expect(await ledger.nextDueMs(5000)).toBeUndefined();
      });

      test('only keys that are wanted', async () => {
        for (const status of ['copied', 'superseded', 'refused', 'none'] as const) {
          await ask(status);
          await change(status, { status });
        }
        expect(await ledger.due(9999, 10)).toEqual([]);
        expect(await ledger.nextDueMs(0)).toBeUndefined();
      });

      test('not while the first look after an unknown outcome is still to come', async () => {
        await ask('a');
        await change('a', { attempts: [attempt('1')], look: 0 });
        expect(await ledger.due(9999, 10)).toEqual([]);
        expect(await ledger.queued('a')).toMatchObject({ lookFirst: true });
        await change('a', { look: 1 }, { lookAtMs: 60_000 });
        expect(await ledger.due(9999, 10)).toEqual(['a']);
        expect(await ledger.queued('a')).toMatchObject({ lookFirst: false });
      });

      test('keeps its age when it is wanted again after a look', async () => {
        await ask('first', 1000);
        await ask('second', 1500);
        await change('first', { status: 'wanted' }, { tries: 4 }, 2000);
        expect(await ledger.due(9999, 10)).toEqual(['first', 'second']);
        expect(await ledger.status('first')).toEqual({ status: 'wanted', sinceMs: 1000 });
        expect(await ledger.queued('first')).toMatchObject({ tries: 4 });
      });
    });

    describe('the second lane', () => {
      const file = (key: string, source = 'basement') => ({ key, source, size: 10 });
      const backfill = (files: Parameters<Ledger['backfill']>[0], nowMs = 1000, reviveMs = -1) =>
        ledger.backfill(files, nowMs, reviveMs);
      const waiting = async () => [...(await ledger.counts(0)).backfill];

      test('gives the files of a source in the order in which they came, and nothing to the first lane', async () => {
        expect(await backfill([file('early'), file('other', 'attic'), file('late')])).toBe(3);
        expect(await backfill([file('early'), file('later'), file('last')])).toBe(2);
        expect(await ledger.backfillDue('basement', 2000, 9)).toEqual(['early', 'late', 'later', 'last']);
        expect(await ledger.backfillDue('basement', 2000, 1)).toEqual(['early']);
        expect(await ledger.backfillDue('attic', 2000, 9)).toEqual(['other']);
        expect(await ledger.due(2000, 9)).toEqual([]);
        expect(await ledger.status('early')).toEqual({ status: 'wanted', sinceMs: 1000 });
        expect(await waiting()).toEqual([
          ['attic', 1],
          ['basement', 4],
        ]);
        const { byStatus, oldestWantedMs } = await ledger.counts(0);
        expect([byStatus.wanted, oldestWantedMs]).toEqual([5, undefined]);
      });

      test('is left for the first by what somebody asks for', async () => {
        await backfill([file('a'), file('b')]);
        await ask('b', 5000);
        expect(await ledger.due(6000, 9)).toEqual(['b']);
        expect(await ledger.backfillDue('basement', 6000, 9)).toEqual(['a']);
        expect(await waiting()).toEqual([['basement', 1]]);
        expect((await ledger.counts(0)).oldestWantedMs).toBe(5000);
      });

      test.each(['copied', 'superseded', 'refused'] as const)('leaves a %s key what it is', async (status) => {
        await change('a', { status }, {}, 3000);
        expect(await backfill([file('a')], 4000, 2999)).toBe(0);
        expect(await ledger.status('a')).toEqual({ status, sinceMs: 3000 });
        expect(await waiting()).toEqual([]);
      });

      test('does not take from the first what was asked for', async () => {
        await ask('a');
        expect(await backfill([file('a')])).toBe(0);
        expect(await ledger.due(2000, 9)).toEqual(['a']);
        expect(await waiting()).toEqual([]);
      });

      test('tries again what was given up long enough ago', async () => {
        await change('a', { status: 'refused' }, { tries: 3, reason: 'damaged' }, 1000);
        expect(await backfill([file('a')], 9000, 3000)).toBe(1);
        expect(await ledger.backfillDue('basement', 9000, 9)).toEqual(['a']);
        expect(await ledger.queued('a')).toMatchObject({ tries: 0 });
      });

      test('takes up again the key of an upload whose outcome is open, and its look goes before', async () => {
        await change('a', { status: 'none', attempts: [attempt('1')], look: 0 });
        expect(await backfill([file('a')])).toBe(1);
        expect(await ledger.backfillDue('basement', 9000, 9)).toEqual([]);
        expect((await ledger.record('a')).attempts).toEqual([attempt('1')]);
      });

      test('waits with a failed key as the first does', async () => {
        await backfill([file('a'), file('b')]);
        await change('a', {}, { notBeforeMs: 5000, tries: 1, reason: 'damaged' });
        expect(await ledger.backfillDue('basement', 4999, 9)).toEqual(['b']);
        expect(await ledger.backfillReady('basement', 4999)).toBe(1);
        expect(await ledger.nextDueMs(4999)).toBe(5000);
        expect(await ledger.backfillDue('basement', 5000, 9)).toEqual(['a', 'b']);
        expect(await ledger.backfillReady('basement', 5000)).toBe(2);
        expect(await waiting()).toEqual([['basement', 2]]);
      });

      test('is over for what is copied, given up or dropped, and the counts agree', async () => {
        await backfill(['a', 'b', 'c', 'd'].map((key) => file(key)));
        await change('a', { status: 'copied' }, { source: 'attic' });
        await change('b', { status: 'refused' });
        await change('c', { status: 'none' });
        expect(await ledger.backfillDue('basement', 9000, 9)).toEqual(['d']);
        expect(await waiting()).toEqual([['basement', 1]]);
        expect(await ledger.record('c')).toEqual(noRecord);
      });

      test('survives a restart', async () => {
        await backfill([file('a'), file('b')]);
        await again();
        await ledger.reopen(5000);
        expect(await ledger.backfillDue('basement', 6000, 9)).toEqual(['a', 'b']);
        expect(await waiting()).toEqual([['basement', 2]]);
      });

      test('keeps nothing for a source that is not there any more: every source is asked for it', async () => {
        await backfill([file('a'), file('b'), file('c', 'attic')]);
        await change('b', {}, { notBeforeMs: 5000 });
        await ledger.liftAllBut(['attic']);
        expect(await ledger.due(5000, 9)).toEqual(expect.arrayContaining(['a', 'b']));
        expect(await ledger.backfillDue('basement', 5000, 9)).toEqual([]);
        expect(await ledger.backfillDue('attic', 5000, 9)).toEqual(['c']);
        expect(await waiting()).toEqual([['attic', 1]]);
      });
    });

    describe('a change', () => {
      test('leaves out what it does not name', async () => {
        await ask('a');
        await change('a', { status: 'wanted', attempts: [attempt('1'), attempt('2')], look: 2, deleting: true });
        const before = await ledger.record('a');
        expect(before).toEqual({
          status: 'wanted',
          attempts: [attempt('1'), attempt('2')],
          look: 2,
          deleting: true,
        });
        await change('a', {});
        expect(await ledger.record('a')).toEqual(before);
      });

      test('replaces the open uploads as a whole, of this key only', async () => {
        await change('a', { status: 'wanted', attempts: [attempt('1'), attempt('2')] });
        await change('b', { status: 'wanted', attempts: [attempt('3', { sourceAcl: 'private', size: 0 })] });
        await change('a', { attempts: [attempt('2')] });
        expect((await ledger.record('a')).attempts).toEqual([attempt('2')]);
        expect((await ledger.record('b')).attempts).toEqual([attempt('3', { sourceAcl: 'private', size: 0 })]);
        expect((await ledger.counts(0)).openAttempts).toBe(2);
      });

      test('of a status tells since when, and the same status again does not', async () => {
        await ask('a', 1000);
        await change('a', { status: 'copied' }, {}, 2000);
        await change('a', { status: 'copied' }, {}, 3000);
        expect(await ledger.status('a')).toEqual({ status: 'copied', sinceMs: 2000 });
      });

      test('to anything but wanted begins the count of tries anew', async () => {
        await ask('a');
        await change('a', {}, { tries: 7 });
        expect(await ledger.queued('a')).toMatchObject({ tries: 7 });
        await change('a', { status: 'copied' });
        expect(await ledger.list('copied', 1)).toMatchObject([{ key: 'a', tries: 0 }]);
      });

      test('tells why, keeps the reason when none is given, and drops it when told to', async () => {
        await ask('a');
        await change('a', { status: 'refused' }, { reason: 'too-large', tries: 1 });
        await change('a', {}, { size: 5 });
        expect(await ledger.list('refused', 5)).toEqual([
          { key: 'a', status: 'refused', reason: 'too-large', tries: 1 },
        ]);
        await change('a', {}, { reason: null });
        expect((await ledger.list('refused', 5))[0]?.reason).toBeUndefined();
      });

      test('that is acknowledged is remembered, also one that says no more than "a DELETE is open"', async () => {
        await change('a', { deleting: true });
        expect((await ledger.record('a')).deleting).toBe(true);
      });

      test('of a key nobody asked for makes a record', async () => {
        await change('a', { status: 'superseded' }, {}, 4000);
        expect(await ledger.status('a')).toEqual({ status: 'superseded', sinceMs: 4000 });
      });

      test('that leaves nothing to be said forgets the key', async () => {
        await ask('a');
        await change('a', { status: 'none', attempts: [attempt('1')], look: 0 });
        expect((await ledger.record('a')).look).toBe(0);
        await change('a', { attempts: [], look: null });
        expect(await ledger.record('a')).toEqual(noRecord);
        await ask('a', 7000);
        expect(await ledger.status('a')).toEqual({ status: 'wanted', sinceMs: 7000 });
      });

      test('is carried out after the ones that were asked for before it', async () => {
        const all = ['wanted', 'copied', 'refused', 'superseded', 'wanted', 'copied'] as const;
        await Promise.all(all.map((status) => change('a', { status })));
        expect((await ledger.record('a')).status).toBe('copied');
      });
    });

    describe('looks', () => {
      test('are due in the order of their time', async () => {
        await change('late', { status: 'wanted', look: 1 }, { lookAtMs: 9000 });
        await change('soon', { status: 'copied', look: 1 }, { lookAtMs: 5000 });
        expect(await ledger.looksDue(4999, 10)).toEqual([]);
        expect(await ledger.nextDueMs(4999)).toBe(5000);
        expect(await ledger.looksDue(9000, 10)).toEqual(['soon', 'late']);
        expect(await ledger.looksDue(9000, 1)).toEqual(['soon']);
        expect((await ledger.counts(5000)).looksDue).toBe(1);
      });

      test('are due at once when no time is given', async () => {
        await change('a', { look: 0 }, {}, 4000);
        expect(await ledger.looksDue(4000, 10)).toEqual(['a']);
      });

      test('can be put off without becoming another look', async () => {
        await change('a', { look: 2 }, { lookAtMs: 5000 });
        await change('a', {}, { lookAtMs: 8000 });
        expect((await ledger.record('a')).look).toBe(2);
        expect(await ledger.looksDue(7999, 10)).toEqual([]);
        expect(await ledger.looksDue(8000, 10)).toEqual(['a']);
      });

      test('that are over are not put off but stay over', async () => {
        await change('a', { status: 'copied', look: 1 }, { lookAtMs: 5000 });
        await change('a', { look: null });
        await change('a', {}, { lookAtMs: 8000 });
        expect((await ledger.record('a')).look).toBeUndefined();
        expect(await ledger.looksDue(9999, 10)).toEqual([]);
        expect(await ledger.nextDueMs(0)).toBeUndefined();
      });
    });

    describe('after a restart', () => {
      const records: CopyRecord[] = [];
      for (const status of ['none', 'wanted', 'copied', 'superseded', 'refused'] as const)
        for (const attempts of [[], [attempt('x')], [attempt('x'), attempt('y')]])
          for (const look of [undefined, 0, 3])
            for (const deleting of look === undefined ? [false] : [false, true])
              records.push({ status, attempts, look, deleting });

      test('every record is what the protocol says a restart makes of it', async () => {
        const named = records.map((record, n) => {
          const attempts = record.attempts.map((one) => ({ ...one, id: `${one.id}${n}` }));
          return { key: `key ${n}`, record: { ...record, attempts } };
        });
        await Promise.all(
          named.map(({ key, record }) => change(key, { ...record, look: record.look ?? null }, { lookAtMs: 99_000 })),
        );
        for (const { key, record } of named) expect(await ledger.record(key)).toEqual(record);

        await again();
        const reopened = await ledger.reopen(50_000);
        const rules = { conditional: true, acls: true, looks: 5 };
        const expected = named.map(({ key, record }) => {
          const before: State = { ...record, marks: noMarks, stage: { at: 'free' }, disturbed: false };
          const { state, save } = step(rules, before, { type: 'restarted' });
          const { status, attempts, look, deleting } = state;
          return { key, after: { status, attempts, look, deleting }, begun: save !== undefined };
        });
        for (const { key, after } of expected) expect(await ledger.record(key)).toEqual(after);
        const begun = expected.filter((one) => one.begun).map(({ key }) => key);
        expect(reopened).toBe(begun.length);
        expect([...(await ledger.looksDue(50_000, 1000))].sort()).toEqual(begun.sort());
      });

      test('what was acknowledged is there, and the totals are right', async () => {
        await ask('a');
        await change('b', { status: 'copied', attempts: [attempt('1')], look: 2, deleting: true }, { lookAtMs: 7000 });
        await again();
        expect(await ledger.status('a')).toMatchObject({ status: 'wanted' });
        expect(await ledger.record('b')).toEqual({
          status: 'copied',
          attempts: [attempt('1')],
          look: 2,
          deleting: true,
        });
        expect((await ledger.counts(0)).byStatus).toMatchObject({ wanted: 1, copied: 1 });
      });

      test('what was not awaited before closing is there as well', async () => {
        const asked = ask('a');
        await again();
        await asked;
        expect(await ledger.status('a')).toMatchObject({ status: 'wanted' });
      });
    });

    describe('writes', () => {
      test('are on the disk when they are acknowledged: another reader sees them', async () => {
        const other = await fixture.open();
        await Promise.all([ask('a'), change('b', { status: 'copied' })]);
        expect(await other.status('a')).toMatchObject({ status: 'wanted' });
        expect(await other.status('b')).toMatchObject({ status: 'copied' });
        await other.close();
      });

      test('that fail take the writes of the same moment with them, tell each, and leave no trace', async () => {
        const bad = change('bad', { status: 'nonsense' as CopyStatus });
        const results = await Promise.allSettled([ask('before'), bad, change('after', { status: 'copied' })]);
        expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
        for (const key of ['before', 'bad', 'after']) expect(await ledger.record(key)).toEqual(noRecord);
        expect((await ledger.counts(0)).byStatus).toMatchObject({ wanted: 0, copied: 0 });
      });

      test('that come after a failed one work', async () => {
        await expect(change('bad', { status: 'nonsense' as CopyStatus })).rejects.toThrow();
        await ask('good');
        await again();
        expect(await ledger.status('good')).toMatchObject({ status: 'wanted' });
      });

      test('of an upload whose name is taken fail instead of moving it to another key', async () => {
        await change('a', { status: 'wanted', attempts: [attempt('1')] });
        await expect(change('b', { status: 'wanted', attempts: [attempt('1')] })).rejects.toThrow();
        expect((await ledger.record('a')).attempts).toEqual([attempt('1')]);
      });
    });

    test('lists keys of one status by name, and no more than asked for', async () => {
      for (const key of ['c', 'a', 'b']) await change(key, { status: 'refused' }, { reason: 'damaged', tries: 2 });
      await change('z', { status: 'superseded' });
      expect((await ledger.list('refused', 2)).map(({ key }) => key)).toEqual(['a', 'b']);
      expect(await ledger.list('superseded', 9)).toEqual([
        { key: 'z', status: 'superseded', reason: undefined, tries: 0 },
      ]);
    });

    test('is read from one end to the other, in the order of bytes, with what is known of each copy', async () => {
      const details = { source: 'basement', size: 7, md5: 'a'.repeat(32), mtime: '1614834367.123456' };
      await change('b', { status: 'copied' }, details);
      await change('\u{1f600}', { status: 'wanted' });
      await change('\ufffd', { status: 'refused' }, { reason: 'damaged', detail: 'EIO at byte 4096' });
      await change('only-a-look', { look: 0 });
      const pages = [];
      for (let after: string | undefined, at = 0; at < 9; at += 1) {
        const page = await ledger.page(after, 2);
        pages.push(page.map(({ key }) => key));
        if (page.length === 0) break;
        after = page.at(-1)?.key;
      }
      expect(pages).toEqual([['b', '\ufffd'], ['\u{1f600}'], []]);
      const unknown = { source: undefined, size: undefined, md5: undefined, mtime: undefined };
      const nothing = { ...unknown, reason: undefined, detail: undefined };
      expect(await ledger.copy('b')).toEqual({ key: 'b', status: 'copied', ...nothing, ...details });
      expect((await ledger.page('b', 1))[0]).toEqual({
        ...{ key: '\ufffd', status: 'refused', ...unknown },
        ...{ reason: 'damaged', detail: 'EIO at byte 4096' },
      });
      expect([await ledger.copy('only-a-look'), await ledger.copy('never')]).toEqual([undefined, undefined]);
    });

    test('counts an empty ledger as nothing', async () => {
      const { byStatus, ...rest } = await ledger.counts(0);
      expect(byStatus).toMatchObject({ wanted: 0, copied: 0, superseded: 0, refused: 0 });
      expect(rest).toEqual({ backfill: new Map(), openAttempts: 0, looksDue: 0, oldestWantedMs: undefined });
    });

    test('asks again for what was given up long enough ago, and leaves what was given up since', async () => {
      await change('long ago', { status: 'refused' }, { tries: 3, reason: 'damaged' }, 1000);
      await change('just now', { status: 'refused' }, {}, 5000);
      await ledger.ask(
        new Map([
          ['long ago', 1],
          ['just now', 1],
        ]),
        9000,
        3000,
      );
      expect(await ledger.due(9000, 9)).toEqual(['long ago']);
      expect(await ledger.queued('long ago')).toMatchObject({ notBeforeMs: 0 });
    });

    test('tells since when the oldest key waits', async () => {
      await ask('young', 3000);
      await ask('old', 1000);
      await ask('old', 4000);
      expect((await ledger.counts(9999)).oldestWantedMs).toBe(1000);
      await change('old', { status: 'copied' });
      expect((await ledger.counts(9999)).oldestWantedMs).toBe(3000);
    });

    test('agrees with a plain map under any sequence of asks and changes', { timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 80 }), fc.nat(100), async (operations, n) => {
          // Every run in a corner of its own of the same ledger; the totals are compared as differences.
          const corner = `${n}-${Math.random()}/`;
          const before = await ledger.counts(Number.MAX_SAFE_INTEGER);
          const model = new Map<string, ModelRow>();
          const writes = operations.map((one, i) => {
            modelled(model, one, i);
            const key = corner + one.key;
            if ('asks' in one) return ledger.ask(new Map([[key, one.asks]]), i, -1);
            const { attempts, ...rest } = one.change;
            const open = attempts?.map((id) => attempt(`${key}#${i}#${id}`));
            return ledger.change(key, open ? { ...rest, attempts: open } : rest, one.details, i);
          });
          await Promise.all(writes);

          const mine = (keys: readonly string[]) =>
            keys.filter((key) => key.startsWith(corner)).map((key) => key.slice(corner.length));
          const now = 85; // later than every write
          const due = mine(await ledger.due(now, 1e6)).map((key) => model.get(key));
          const expectedDue = [...model.values()]
            .filter((row) => row.status === 'wanted' && row.notBefore <= now && row.look !== 0)
            .sort((a, b) => b.asks - a.asks || (a.asked ?? 0) - (b.asked ?? 0));
          expect(due.map((row) => [row?.asks, row?.asked])).toEqual(expectedDue.map((row) => [row.asks, row.asked]));
          const looks = mine(await ledger.looksDue(now, 1e6)).sort();
          const expectedLooks = [...model].filter(([, row]) => row.look !== undefined && row.lookAt <= now);
          expect(looks).toEqual(expectedLooks.map(([key]) => key).sort());
          for (const key of keys) {
            const row = model.get(key);
            const record = await ledger.record(corner + key);
            expect([record.status, record.look, record.attempts.length]).toEqual([
              row?.status ?? 'none',
              row?.look,
              row?.attempts ?? 0,
            ]);
            expect(await ledger.queued(corner + key)).toEqual(
              row?.status === 'wanted'
                ? { tries: row.tries, failures: row.failures, notBeforeMs: row.notBefore, lookFirst: row.look === 0 }
                : undefined,
            );
          }
          const after = await ledger.counts(Number.MAX_SAFE_INTEGER);
          const rows = [...model.values()];
          for (const status of ['wanted', 'copied', 'superseded', 'refused'] as const) {
            const count = rows.filter((row) => row.status === status).length;
            expect(after.byStatus[status] - before.byStatus[status]).toBe(count);
          }
          expect(after.openAttempts - before.openAttempts).toBe(rows.reduce((sum, row) => sum + row.attempts, 0));
          expect(after.looksDue - before.looksDue).toBe(rows.filter((row) => row.look !== undefined).length);
        }),
        { numRuns: 40 },
      );
    });
  });
}

const keys = ['a', 'b', 'c'];

interface ModelRow {
  status: CopyStatus | 'none';
  asks: number;
  asked: number | undefined;
  notBefore: number;
  tries: number;
  failures: number;
  look: number | undefined;
  lookAt: number;
  attempts: number;
}

type Operation =
  | { key: string; asks: number }
  | { key: string; change: Omit<RecordChange, 'attempts'> & { attempts?: string[] }; details: ChangeDetails };

const key = fc.constantFrom(...keys);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ key, asks: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    key,
    change: fc.record(
      {
        status: fc.constantFrom('none', 'wanted', 'copied', 'superseded', 'refused') as fc.Arbitrary<CopyStatus>,
        look: fc.option(fc.nat(4)),
        attempts: fc.uniqueArray(fc.constantFrom('1', '2', '3')),
      },
      { requiredKeys: [] },
    ),
    details: fc.record(
      { notBeforeMs: fc.nat(100), lookAtMs: fc.nat(100), tries: fc.nat(9), failures: fc.nat(9) },
      { requiredKeys: [] },
    ),
  }),
);

function modelled(model: Map<string, ModelRow>, one: Operation, now: number): void {
  const row: ModelRow = model.get(one.key) ?? {
    status: 'none',
    asks: 0,
    asked: undefined,
    notBefore: 0,
    tries: 0,
    failures: 0,
    look: undefined,
    lookAt: 0,
    attempts: 0,
  };
  model.set(one.key, row);
  if ('asks' in one) {
    row.asks += one.asks;
    row.asked ??= now;
    if (row.status === 'none') row.status = 'wanted';
    return;
  }
  const { change, details } = one;
  if (change.status !== undefined) {
    row.status = change.status;
    if (change.status === 'wanted') row.asked ??= now;
    else {
      row.tries = 0;
      row.failures = 0;
    }
  }
  if (change.look !== undefined) {
    row.look = change.look ?? undefined;
    row.lookAt = details.lookAtMs ?? now;
  } else if (details.lookAtMs !== undefined && row.look !== undefined) row.lookAt = details.lookAtMs;
  row.attempts = change.attempts?.length ?? row.attempts;
  row.notBefore = details.notBeforeMs ?? row.notBefore;
  row.tries = details.tries ?? row.tries;
  row.failures = details.failures ?? row.failures;
  if (row.status === 'none' && row.look === undefined && row.attempts === 0) model.delete(one.key);
}

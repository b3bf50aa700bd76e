import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PutAnswer } from '../../../src/bucket/object-store.ts';
import type { CopierOptions } from '../../../src/copy/copier.ts';
import type { Mark } from '../../../src/marks/marks.ts';
import type { SourceBody } from '../../../src/media/body.ts';
import { SourceReadError } from '../../../src/sources/source.ts';
import { CopierWorld, key, looksMs, never, retry, rules, startMs, uploadOf } from './copier-world.ts';
import { type FakeBody, fakeBody } from './fake-body.ts';

const unconditional = { ...rules, conditional: false };
const unknown: PutAnswer = { kind: 'unknown', reason: 'ECONNRESET', slowDown: false };

let world: CopierWorld;
let ledger: CopierWorld['ledger'];
let store: CopierWorld['store'];
let leases: CopierWorld['leases'];
let ended: CopierWorld['ended'];
let alarms: CopierWorld['alarms'];
let details: CopierWorld['details'];

const copier = (change: Partial<CopierOptions> = {}) => world.copier(change);
const copy = (body?: SourceBody, signal = never) => world.copy(body, signal);
const look = () => world.look();
const setMark = (facts: Partial<Mark>) => world.setMark(facts);
const status = async () => (await ledger.record(key)).status;
const notBefore = async () => (await ledger.queued(key))?.notBeforeMs;
const looksDueAt = (atMs: number) => world.looksDueAt(atMs);

beforeEach(async () => {
  world = new CopierWorld();
  ({ ledger, store, leases, ended, alarms, details } = world);
  await world.ask();
});
afterEach(() => world.close());

describe('a copy', () => {
  test('goes up in one conditional upload, and is recorded when the bucket confirmed it', async () => {
    await copy();
    expect(store.calls).toEqual(['put if absent']);
    expect(store.stored).toMatchObject({ text: 'picture', acl: 'public' });
    expect(await ledger.record(key)).toEqual({ status: 'copied', attempts: [], look: undefined, deleting: false });
    expect(ended).toEqual([{ outcome: { type: 'copied' }, givenUp: false, bytes: 7 }]);
    expect(leases.taken(key)).toBe(false);
  });

  test('carries type, caching, mtime, MD5 and ACL along', async () => {
    await copy();
    const [upload] = store.uploads;
    expect(upload).toMatchObject({
      key,
      size: 7,
      contentType: 'image/jpeg',
      cacheControl: 'public, max-age=1',
      mtime: '1614834367.5',
      acl: 'public',
    });
    expect(upload?.md5.toString('hex')).toBe(store.stored?.md5);
  });

  test('is recorded with where it came from, its size and its MD5', async () => {
    await copy();
    expect(details.at(-1)).toMatchObject({ source: 'basement', size: 7, md5: store.stored?.md5, reason: null });
  });

  test('of an empty file is recorded with where it came from, its size and its MD5', async () => {
    world.below = fakeBody('');
    await copy();
    expect(await status()).toBe('copied');
    expect(details.at(-1)).toMatchObject({ source: 'basement', size: 0, md5: 'd41d8cd98f00b204e9800998ecf8427e' });
  });

  test('takes the bytes in hand instead of reading the source again', async () => {
    world.below = 'gone-below';
    const body = fakeBody('in hand');
    await copy(body);
    expect(store.stored?.text).toBe('in hand');
    expect(body.released).toBe(1);
  });

  test('is on record before its first byte is sent', async () => {
    let before: unknown;
    store.answers = [
      async (upload) => {
        before = (await ledger.record(key)).attempts;
        return await store.store(upload);
      },
    ];
    await copy();
    expect(before).toMatchObject([{ id: store.uploads[0]?.id, generation: 0, size: 7, sourceAcl: 'public' }]);
  });

  test('tells that the store has it before that is recorded, and only then', async () => {
    const told: unknown[] = [];
    const copyTelling = () =>
      copier().run(rules, key, 'copy', undefined, never, 'backfill', () => {
        told.push([leases.taken(key), store.stored?.text, ended.length]);
      });
    store.answers = [{ kind: 'refused', status: 400, code: 'BadDigest' }, unknown];
    await copyTelling();
    await copyTelling();
    expect(told).toEqual([]);
    world.nowMs += looksMs.at(-1) ?? 0;
    ended.length = 0;
    await ledger.change(key, { status: 'wanted', look: null, attempts: [] }, {}, world.nowMs);
    await copyTelling();
    expect([told, ended]).toMatchObject([[[true, 'picture', 0]], [{ outcome: { type: 'copied' } }]]);
  });

  test('has another name every time', async () => {
    store.answers = [{ kind: 'refused', status: 400, code: 'BadDigest' }];
    await copy();
    await copy();
    expect(new Set(store.uploads.map(({ id }) => id)).size).toBe(2);
  });

  test.each([
    ['of a file that is not for the public', key, { private: true }],
    ['under a private prefix', 'backups/archive.zip', {}],
  ])('%s goes up private', async (_what, name, change) => {
    world.below = fakeBody('secret', change);
    await ledger.ask(new Map([[name, 1]]), world.nowMs, 0);
    await copier().run(rules, name, 'copy', undefined, never);
    expect(store.stored?.acl).toBe('private');
  });

  test('of a closed file that was made public since goes up public', async () => {
    await setMark({ shown: 'public' });
    world.below = fakeBody('picture', { private: true });
    await copy();
    expect(store.stored?.acl).toBe('public');
  });

  test('of a file that was made private since goes up private', async () => {
    await setMark({ shown: 'private' });
    await copy();
    expect(store.stored?.acl).toBe('private');
  });

  describe('into a bucket without ACLs', () => {
    const copyThere = () => copier({ acls: false }).run(rules, key, 'copy', undefined, never);

    test('goes up when the file is public', async () => {
      await copyThere();
      expect(await status()).toBe('copied');
    });

    test('of a file that is not for the public is listed instead, and nothing is sent', async () => {
      world.below = fakeBody('secret', { private: true });
      await copyThere();
      expect(store.calls).toEqual([]);
      expect(await ledger.list('refused', 9)).toMatchObject([{ key, reason: 'private-without-acls' }]);
      expect((world.below as FakeBody).released).toBe(1);
    });

    test('of a closed file that was made public since goes up', async () => {
      await setMark({ shown: 'public' });
      world.below = fakeBody('picture', { private: true });
      await copyThere();
      expect(await status()).toBe('copied');
    });
  });

  test.each([{ shown: 'gone' }, { below: 'closed' }] as const)(
    'is dropped when the mark says %o, before anything is read',
    async (facts) => {
      await setMark(facts);
      let read = false;
      await copier({
        forCopy: async () => {
          read = true;
          return await world.forCopy();
        },
      }).run(rules, key, 'copy', undefined, never);
      expect(read).toBe(false);
      expect(store.calls).toEqual([]);
      expect(await status()).toBe('none');
    },
  );

  test('is dropped when the file is deleted while it is read', async () => {
    world.below = fakeBody('picture', {
      whole: async () => {
        await setMark({ below: 'closed', shown: 'gone' });
        return { md5: 'd41d8cd98f00b204e9800998ecf8427e' };
      },
    });
    await copy();
    expect(store.calls).toEqual([]);
    expect(await status()).toBe('none');
  });

  test('of a key that is not wanted is not begun', async () => {
    await ledger.change(key, { status: 'copied' }, {}, world.nowMs);
    const body = fakeBody('x');
    await copy(body);
    expect(store.calls).toEqual([]);
    expect(body.released).toBe(1);
  });
});

describe('a copy that must wait', () => {
  test('because its file is too young, until it is old enough', async () => {
    world.below = fakeBody('picture', { mtimeMs: startMs - 10_000 });
    await copy();
    expect(store.calls).toEqual([]);
    expect(await ledger.queued(key)).toMatchObject({ tries: 0, notBeforeMs: startMs + 50_000 });
    world.nowMs = startMs + 50_000;
    await copy();
    expect(await status()).toBe('copied');
  });

  test.each(['bucket-unavailable', 'source-unavailable', 'no-spool-room', 'slow-down'] as const)(
    'because of "%s" is never given up',
    async (reason) => {
      world.below = reason;
      for (let n = 0; n < 10; n++) await copy();
      expect(await status()).toBe('wanted');
      expect(ended.some(({ givenUp }) => givenUp)).toBe(false);
    },
  );

  test('waits longer after each try, and never longer than the most', async () => {
    world.below = 'source-unavailable';
    const waits: number[] = [];
    for (let n = 0; n < 8; n++) {
      await copy();
      waits.push(((await notBefore()) ?? 0) - world.nowMs);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('while the bucket is not known to be ours sends nothing', async () => {
    for (const state of ['other', 'absent', 'unknown'] as const) {
      world.identity = state;
      await copy();
    }
    expect(store.calls).toEqual([]);
    expect(await status()).toBe('wanted');
  });

  test('because of a long outage has all its tries left when it fails for a reason of its own', async () => {
    world.below = 'source-unavailable';
    for (let n = 0; n < 20; n++) await copy();
    world.below = 'changed';
    await copy();
    expect(await status()).toBe('wanted');
  });
});

describe('a copy is given up', () => {
  test('at once when the file is too large', async () => {
    world.below = fakeBody('x'.repeat(1001));
    await copy();
    expect(await ledger.list('refused', 9)).toMatchObject([{ key, reason: 'too-large' }]);
    expect(ended).toMatchObject([{ givenUp: true }]);
    expect((world.below as FakeBody).released).toBe(1);
  });

  test('and forgotten when its file is gone: should it come back, it is asked for again', async () => {
    world.below = 'gone-below';
    await copy();
    expect(await status()).toBe('none');
  });

  test.each(['too-large', 'unreadable'] as const)('at once when it is %s', async (reason) => {
    world.below = reason;
    await copy();
    expect(await ledger.list('refused', 9)).toMatchObject([{ key, reason }]);
  });

  test('after the first try and the configured ones when the file keeps changing', async () => {
    world.below = 'changed';
    await copy();
    await copy();
    expect(await status()).toBe('wanted');
    await copy();
    expect(await ledger.list('refused', 9)).toMatchObject([{ key, reason: 'changed' }]);
    expect(await ledger.due(Number.MAX_SAFE_INTEGER, 9)).toEqual([]);
  });

  test('after the configured tries when the store refuses it, with nothing left open', async () => {
    const refusal: PutAnswer = { kind: 'refused', status: 400, code: 'BadDigest' };
    store.answers = [refusal, refusal, refusal];
    for (let n = 0; n < 3; n++) await copy();
    expect(await ledger.list('refused', 9)).toMatchObject([{ key, reason: 'store-refused' }]);
    expect((await ledger.record(key)).attempts).toEqual([]);
  });

  test.each([
    ['damaged', new SourceReadError('EIO', 'bad sector')],
    ['changed', new SourceReadError('CHANGED', 'cut')],
    ['source-unavailable', new SourceReadError('TIMEOUT', 'hung')],
    ['internal', new Error('?')],
  ] as const)('or waits as "%s" when its source breaks off', async (reason, error) => {
    world.below = fakeBody('picture', { whole: () => Promise.reject(error) });
    await copy();
    expect(store.calls).toEqual([]);
    expect(ended).toMatchObject([{ outcome: { type: 'later', reason } }]);
    expect((world.below as FakeBody).released).toBe(1);
  });
});

describe('an upload that finds something in the bucket', () => {
  test('with its own name was stored before: copied', async () => {
    store.answers = [
      async (upload) => {
        await store.store(upload);
        return { kind: 'exists' };
      },
    ];
    await copy();
    expect(store.calls).toEqual(['put if absent', 'look']);
    expect(await ledger.record(key)).toMatchObject({ status: 'copied', attempts: [], look: undefined });
  });

  test('with the same bytes: copied', async () => {
    await store.store({ ...(await uploadOf('picture')), id: 'of another tool' });
    await copy();
    expect(await status()).toBe('copied');
  });

  test('with other bytes: left alone, and recorded as superseded', async () => {
    await store.store({ ...(await uploadOf('something else')), id: 'of a client' });
    await copy();
    expect(await ledger.record(key)).toMatchObject({ status: 'superseded', attempts: [], look: undefined });
    expect(store.stored?.text).toBe('something else');
    expect(ended).toMatchObject([{ outcome: { type: 'superseded' }, bytes: 0 }]);
  });

  test('that is not there when looked for is wanted again, after the wait of a failed try', async () => {
    store.answers = [{ kind: 'exists' }];
    await copy();
    expect(await status()).toBe('wanted');
    expect(await ledger.due(world.nowMs, 9)).toEqual([]);
    expect(await ledger.due(world.nowMs + retry.mostMs, 9)).toEqual([key]);
  });

  test('and then cannot look leaves the upload open and looks soon', async () => {
    store.answers = [{ kind: 'exists' }];
    store.lookAnswer = { kind: 'unavailable', trouble: 'server-error' };
    await copy();
    expect(await ledger.record(key)).toMatchObject({ status: 'wanted', look: 0, attempts: [{}] });
    expect(await looksDueAt(world.nowMs + retry.mostMs)).toBe(1);
  });
});

describe('an upload of unknown outcome', () => {
  beforeEach(async () => {
    store.answers = [unknown];
    await copy();
  });

  test('stays on record, and is looked for at once', async () => {
    expect(await ledger.record(key)).toMatchObject({ status: 'wanted', look: 0, attempts: [{}] });
    expect(await looksDueAt(world.nowMs)).toBe(1);
    expect(await ledger.due(world.nowMs + 1e9, 9)).toEqual([]);
  });

  test('is looked for again at the configured times, and then it is over', async () => {
    for (const [n, offset] of [0, ...looksMs].entries()) {
      expect(await looksDueAt(startMs + offset - 1)).toBe(0);
      expect(await looksDueAt(startMs + offset)).toBe(1);
      world.nowMs = startMs + offset;
      await look();
      expect((await ledger.record(key)).look).toBe(n < looksMs.length ? n + 1 : undefined);
    }
    expect((await ledger.record(key)).attempts).toEqual([]);
    expect(await looksDueAt(Number.MAX_SAFE_INTEGER)).toBe(0);
  });

  test('that is missing at its first look is wanted again at once', async () => {
    await look();
    expect(await ledger.due(world.nowMs, 9)).toEqual([key]);
  });

  test('that landed is copied by the look, and looked for to the end', async () => {
    await store.store({ ...(await uploadOf('picture')), id: store.uploads[0]?.id ?? '' });
    await look();
    expect(await ledger.record(key)).toMatchObject({ status: 'copied', look: 1 });
    for (const offset of looksMs) {
      world.nowMs = startMs + offset;
      await look();
    }
    expect(await ledger.record(key)).toEqual({ status: 'copied', attempts: [], look: undefined, deleting: false });
  });

  test('that landed and vanished again is alarmed, not wanted', async () => {
    await store.store({ ...(await uploadOf('picture')), id: store.uploads[0]?.id ?? '' });
    await look();
    store.stored = undefined;
    world.nowMs = startMs + 60_000;
    await look();
    expect(alarms).toEqual(['vanished']);
    expect(await status()).toBe('copied');
  });

  test('keeps its due look while the bucket cannot be asked', async () => {
    store.lookAnswer = { kind: 'unavailable', trouble: 'timeout' };
    await look();
    expect((await ledger.record(key)).look).toBe(0);
    expect(await looksDueAt(world.nowMs)).toBe(0);
    expect(await looksDueAt(world.nowMs + retry.mostMs)).toBe(1);
  });

  test('learns nothing from a bucket that is not ours', async () => {
    world.identity = 'other';
    await look();
    expect(await ledger.record(key)).toMatchObject({ status: 'wanted', look: 0, attempts: [{}] });
  });

  test('keeps the times of its looks whatever becomes of the next try', async () => {
    await look();
    world.below = 'source-unavailable';
    await copy();
    expect(await looksDueAt(startMs + 59_999)).toBe(0);
    expect(await looksDueAt(startMs + 60_000)).toBe(1);
  });

  test('begins its looks anew when the next try is of unknown outcome too', async () => {
    await look();
    world.nowMs += 30_000;
    store.answers = [unknown];
    await copy();
    expect((await ledger.record(key)).attempts.length).toBe(2);
    expect(await looksDueAt(world.nowMs)).toBe(1);
    await look();
    expect(await looksDueAt(world.nowMs + 59_999)).toBe(0);
    expect(await looksDueAt(world.nowMs + 60_000)).toBe(1);
  });

  test('is deleted when it landed after the file was deleted', async () => {
    await setMark({ below: 'closed', shown: 'gone' });
    await store.store({ ...(await uploadOf('picture')), id: store.uploads[0]?.id ?? '' });
    await look();
    expect(store.stored).toBeUndefined();
    expect(store.calls).toContain('delete');
  });

  test('is never deleted from a bucket that is not ours', async () => {
    await setMark({ below: 'closed', shown: 'gone' });
    await store.store({ ...(await uploadOf('picture')), id: store.uploads[0]?.id ?? '' });
    const asked = { n: 0 };
    await copier({
      identity: {
        state: 'ours',
        trusted: true,
        confirm: async () => (asked.n++ === 0 ? 'ours' : 'other'),
      },
    }).run(rules, key, 'look', undefined, never);
    expect(store.calls).not.toContain('delete');
    expect((await ledger.record(key)).look).toBe(0);
  });

  test('whose deletion the store refuses is alarmed and tried again', async () => {
    await setMark({ below: 'closed', shown: 'gone' });
    await store.store({ ...(await uploadOf('picture')), id: store.uploads[0]?.id ?? '' });
    store.mendAnswer = 'refused';
    await look();
    expect(alarms).toEqual(['mend-refused']);
    expect(await looksDueAt(world.nowMs + retry.mostMs)).toBe(1);
  });
});

describe('a mark that changes while the upload is under way', () => {
  const during = (facts: Partial<Mark>) => {
    store.answers = [
      async (upload) => {
        const answer = await store.store(upload);
        await setMark(facts);
        return answer;
      },
    ];
  };

  test('to private makes the stored object private', async () => {
    during({ shown: 'private' });
    await copy();
    expect(store.calls).toEqual(['put if absent', 'look', 'acl private']);
    expect(store.stored?.acl).toBe('private');
  });

  test('to gone deletes the stored object', async () => {
    during({ below: 'closed', shown: 'gone' });
    await copy();
    expect(store.stored).toBeUndefined();
    expect(await status()).not.toBe('copied');
  });

  test.each([
    ['delete', { below: 'closed', shown: 'gone' }, true],
    ['acl private', { shown: 'private' }, false],
  ] as const)('has looks due on record before the %s is sent', async (sent, facts, deleting) => {
    during(facts);
    let before: unknown;
    store.meanwhile = async (call) => {
      if (call === sent) before = await ledger.record(key);
    };
    await copy();
    expect(before).toMatchObject({ look: 0, deleting });
    expect(await looksDueAt(world.nowMs)).toBe(1);
  });

  test('and back again still is looked at before it is called copied', async () => {
    during({});
    await copy();
    expect(store.calls).toEqual(['put if absent', 'look']);
    expect(await status()).toBe('copied');
  });
});

describe('a store that ignores If-None-Match', () => {
  const copyThere = () => copier().run(unconditional, key, 'copy', undefined, never);

  test('is asked first, and gets the upload when nothing is there', async () => {
    await copyThere();
    expect(store.calls).toEqual(['look', 'put']);
    expect(await status()).toBe('copied');
  });

  test('keeps what is there', async () => {
    await store.store({ ...(await uploadOf('something else')), id: 'of a client' });
    await copyThere();
    expect(store.calls).toEqual(['look']);
    expect(await status()).toBe('superseded');
  });

  test('gets no second upload while one is unsettled', async () => {
    store.answers = [unknown];
    await copyThere();
    await copyThere();
    expect(store.uploads.length).toBe(1);
  });

  test('gets nothing while it cannot be asked', async () => {
    store.lookAnswer = { kind: 'unavailable', trouble: 'timeout' };
    await copyThere();
    expect(store.calls).toEqual(['look']);
    expect(await status()).toBe('wanted');
  });
});

describe('a copy that is cancelled', () => {
  test('while it waits for its bytes lets go at once, costs no try and sends nothing', async () => {
    const abort = new AbortController();
    world.below = fakeBody('picture', { whole: () => new Promise(() => undefined) });
    const running = copy(undefined, abort.signal);
    setImmediate(() => abort.abort());
    await running;
    expect(store.calls).toEqual([]);
    expect(await ledger.queued(key)).toMatchObject({ tries: 0 });
    expect((world.below as FakeBody).released).toBe(1);
    expect(leases.taken(key)).toBe(false);
  });

  test('while it sends is of unknown outcome', async () => {
    const abort = new AbortController();
    store.answers = [
      async (_upload, signal) => {
        abort.abort();
        expect(signal.aborted).toBe(true);
        return unknown;
      },
    ];
    await copy(undefined, abort.signal);
    expect(await ledger.record(key)).toMatchObject({ status: 'wanted', look: 0, attempts: [{}] });
  });

  test('by who wants the lease lets go of it', async () => {
    let cancel: (() => void) | undefined;
    const take = leases.take.bind(leases);
    leases.take = (name, holder) => {
      cancel = holder.cancel;
      return take(name, holder);
    };
    world.below = fakeBody('picture', { whole: () => new Promise(() => undefined) });
    const running = copy();
    setImmediate(() => cancel?.());
    await running;
    expect(leases.taken(key)).toBe(false);
    expect(ended).toMatchObject([{ outcome: { type: 'later', reason: 'cancelled' } }]);
  });

  test('is not possible while it looks: that is waited for', async () => {
    store.answers = [unknown];
    await copy();
    let holder: unknown;
    const take = leases.take.bind(leases);
    leases.take = (name, who) => {
      holder = who;
      return take(name, who);
    };
    await look();
    expect(holder).toEqual({ disturb: expect.any(Function) });
  });
});

describe('the bytes of a copy are let go exactly once', () => {
  const outcomes: [string, () => void][] = [
    ['when it was stored', () => undefined],
    ['when it was refused', () => store.answers.push({ kind: 'refused', status: 403, code: 'AccessDenied' })],
    ['when its outcome is unknown', () => store.answers.push(unknown)],
    ['when something was there', () => store.answers.push({ kind: 'exists' })],
    [
      'when the store throws',
      () =>
        store.answers.push(async () => {
          throw new Error('a bug');
        }),
    ],
    [
      'when the bucket is another',
      () => {
        world.identity = 'other';
      },
    ],
    [
      'when the lease is taken',
      () => {
        leases.take(key, {});
      },
    ],
    [
      'when the ledger cannot be read',
      () => {
        world.failing = (method) => method === 'record';
      },
    ],
    [
      'when the ledger cannot be written',
      () => {
        world.failing = (method) => method === 'change';
      },
    ],
  ];

  test.each(outcomes)('%s', async (_when, arrange) => {
    const body = fakeBody('picture');
    arrange();
    await copy(body).catch(() => undefined);
    expect(body.released).toBe(1);
  });

  test.each(outcomes)('%s, also when they were read for it', async (when, arrange) => {
    const taken = when.includes('lease') || when.includes('read');
    arrange();
    await copy().catch(() => undefined);
    expect((world.below as FakeBody).released).toBe(taken ? 0 : 1);
  });
});

test('nothing is sent when the ledger cannot record the upload first', async () => {
  world.failing = (method) => method === 'change';
  await expect(copy()).rejects.toThrow('the ledger is broken');
  expect(store.calls).toEqual([]);
  expect(leases.taken(key)).toBe(false);
});

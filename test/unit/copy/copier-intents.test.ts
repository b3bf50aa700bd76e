import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewIntent } from '../../../src/marks/marks.ts';
import { marked } from '../../../src/protocol/marking.ts';
import { CopierWorld, key, looksMs, never, rules, startMs, uploadOf } from './copier-world.ts';

let world: CopierWorld;
beforeEach(() => {
  world = new CopierWorld();
});
afterEach(() => world.close());

const put: NewIntent = { id: 'upload', kind: 'put', shows: 'public' };
const show: NewIntent = { id: 'show', kind: 'acl-public' };

/** A mutation whose answer was lost: on record, and looked after from now on. */
async function lost(intent: NewIntent): Promise<void> {
  await world.marks.update([key], (record) => marked(record, { type: 'intend', intent }), world.nowMs);
  await world.ledger.change(key, { look: 0 }, { lookAtMs: world.nowMs }, world.nowMs);
}

async function inBucket(made: { intentId?: string; etag?: string; id?: string; acl?: 'public' | 'private' } = {}) {
  const { md5 } = await uploadOf('something');
  world.store.stored = { text: 'something', md5: md5.toString('hex'), acl: 'public', ...made };
}

const look = () => world.look();
/** All looks up to the last, which is left to be taken. */
async function allLooksButTheLast(): Promise<void> {
  for (const offset of [0, ...looksMs.slice(0, -1)]) {
    world.nowMs = startMs + offset;
    await look();
  }
  world.nowMs = startMs + looksMs.at(-1)!;
}
const mark = () => world.marks.get(key);
const open = async () => (await world.marks.record(key)).intents.map(({ id }) => id);
const nextLook = async () => (await world.ledger.record(key)).look;

describe("a client's upload whose answer was lost", () => {
  test.each(['unset', 'public', 'private'] as const)(
    'and that landed is settled: it closes the sources and shows what was asked for: %s',
    async (shows) => {
      await lost({ ...put, shows });
      await inBucket({ intentId: 'upload', acl: shows === 'private' ? 'private' : 'public' });
      await look();
      expect(await mark()).toEqual({ generation: 1, below: 'closed', shown: shows });
      expect(await open()).toEqual([]);
      expect(world.purged).toEqual([key]);
      expect(world.store.calls).toEqual(['look']);
    },
  );

  test('and that landed is looked after to the end all the same: others may have been cut', async () => {
    await lost(put);
    await inBucket({ intentId: 'upload' });
    await look();
    expect(await nextLook()).toBe(1);
    expect(await world.looksDueAt(startMs + looksMs[0]!)).toBe(1);
  });

  test('and that landed takes the key off the list of copies', async () => {
    await world.ask();
    await lost(put);
    await inBucket({ intentId: 'upload' });
    await look();
    expect((await world.ledger.record(key)).status).toBe('none');
  });

  test('of a copied object, which carries no name, is told by its ETag', async () => {
    await lost({ ...put, etag: '9e107d9d372bb6826bd81d3542a419d6' });
    await inBucket({ etag: '9e107d9d372bb6826bd81d3542a419d6', intentId: 'of the one it was copied from' });
    await look();
    expect(await mark()).toMatchObject({ below: 'closed', shown: 'public' });
    expect(await open()).toEqual([]);
  });

  test.each([{}, { intentId: 'another' }, { etag: 'd41d8cd98f00b204e9800998ecf8427e' }])(
    'stays open where the bucket has something else: %o',
    async (made) => {
      await lost(put);
      await inBucket(made);
      await look();
      expect(await mark()).toMatchObject({ below: 'open', shown: 'unset' });
      expect(await open()).toEqual(['upload']);
      expect(world.purged).toEqual([]);
    },
  );

  test('and that never landed is dropped at the last look, not before, and the sources stay open', async () => {
    await lost(put);
    await allLooksButTheLast();
    expect(await open()).toEqual(['upload']);
    await look();
    expect(await open()).toEqual([]);
    expect(await mark()).toEqual({ generation: 1, below: 'open', shown: 'unset' });
    expect(await nextLook()).toBeUndefined();
  });

  test('and that landed late is settled by a later look', async () => {
    await lost(put);
    await look();
    await inBucket({ intentId: 'upload' });
    world.nowMs = startMs + looksMs[0]!;
    await look();
    expect(await mark()).toMatchObject({ below: 'closed', shown: 'public' });
  });

  test('stays open while the bucket cannot be asked, or is another', async () => {
    await lost(put);
    await inBucket({ intentId: 'upload' });
    world.identity = 'other';
    await look();
    world.identity = 'ours';
    world.store.lookAnswer = { kind: 'unavailable', trouble: 'timeout' };
    await look();
    expect(await open()).toEqual(['upload']);
    expect(await nextLook()).toBe(0);
  });

  test('holds up copies of its key, which begin when it is dropped', async () => {
    await world.ask();
    await lost(put);
    let read = 0;
    const copier = world.copier({
      forCopy: async () => {
        read += 1;
        return await world.forCopy();
      },
    });
    await copier.run(rules, key, 'copy', undefined, never);
    expect(read).toBe(0);
    expect((await world.ledger.record(key)).status).toBe('wanted');
    await allLooksButTheLast();
    await look();
    await copier.run(rules, key, 'copy', undefined, never);
    expect(world.store.stored?.text).toBe('picture');
  });

  test('and was hidden meanwhile closes the sources, and is hidden', async () => {
    await lost(put);
    await lost({ id: 'hide', kind: 'acl-private' });
    await inBucket({ intentId: 'upload' });
    await look();
    expect(await mark()).toMatchObject({ below: 'closed', shown: 'private' });
    expect(world.store.stored?.acl).toBe('private');
  });
});

describe('a DELETE whose answer was lost', () => {
  const remove: NewIntent = { id: 'remove', kind: 'delete' };

  test('is sent again where something is there, looked after from then on, and closed by the last look', async () => {
    await lost(remove);
    await inBucket();
    world.nowMs = startMs + 5000;
    await look();
    expect(world.store.calls).toEqual(['look', 'delete']);
    expect(world.store.stored).toBeUndefined();
    expect(await nextLook()).toBe(0);
    expect(await open()).toEqual(['remove']);
    for (const offset of [0, ...looksMs]) {
      world.nowMs = startMs + 5000 + offset;
      await look();
    }
    expect(world.store.calls.filter((call) => call !== 'look')).toEqual(['delete']);
    expect(await open()).toEqual([]);
    expect(await nextLook()).toBeUndefined();
    expect(await mark()).toMatchObject({ below: 'closed', shown: 'gone' });
  });

  test('is not sent again where nothing is there', async () => {
    await lost(remove);
    await look();
    expect(world.store.calls).toEqual(['look']);
    expect(await nextLook()).toBe(1);
  });

  test('is not sent again while an upload of unknown outcome could land in between: only after the last look', async () => {
    await lost(put);
    await lost(remove);
    await inBucket();
    await allLooksButTheLast();
    expect(world.store.calls).not.toContain('delete');
    expect(await nextLook()).toBe(looksMs.length);
    await look();
    expect(world.store.calls.at(-1)).toBe('delete');
    expect(world.store.stored).toBeUndefined();
  });

  test('takes away an upload that came before it and landed after it', async () => {
    await lost(put);
    await lost(remove);
    await inBucket({ intentId: 'upload' });
    await look();
    expect(world.store.stored).toBeUndefined();
    expect(await mark()).toMatchObject({ shown: 'gone' });
  });

  test('that the store refuses when it is repeated is alarmed, and what was deleted stays hidden', async () => {
    await lost(remove);
    await inBucket();
    world.store.mendAnswer = 'refused';
    await look();
    expect(world.alarms).toEqual(['mend-refused']);
    expect(await mark()).toEqual({ generation: 1, below: 'closed', shown: 'gone' });
    expect(await nextLook()).toBe(0);
  });

  test('is alone in deleting: nothing else deletes what is in the bucket', async () => {
    for (const intent of [put, show, { id: 'hide', kind: 'acl-private' } as const]) await lost(intent);
    await inBucket();
    await allLooksButTheLast();
    await look();
    expect(world.store.calls).not.toContain('delete');
    expect(world.store.stored?.text).toBe('something');
  });
});

describe('an ACL change whose answer was lost', () => {
  test('to public is repeated, and shown once it is done', async () => {
    await world.setMark({ shown: 'private' });
    await lost(show);
    await inBucket({ acl: 'private' });
    await look();
    expect(world.store.calls).toEqual(['look', 'acl public']);
    expect(world.store.stored?.acl).toBe('public');
    expect(await mark()).toMatchObject({ shown: 'public' });
    expect(await open()).toEqual([]);
    expect(world.purged).toEqual([key]);
  });

  test('to public stays hidden and open while the answer to its repeat is lost as well', async () => {
    await world.setMark({ shown: 'private' });
    await lost(show);
    await inBucket({ acl: 'private' });
    world.store.mendAnswer = 'unknown';
    await look();
    expect(await mark()).toMatchObject({ shown: 'private' });
    expect(await open()).toEqual(['show']);
    expect(await nextLook()).toBe(0);
  });

  test('to public is given up when its repeat is refused: alarmed, still hidden, nothing open', async () => {
    await world.setMark({ shown: 'private' });
    await lost(show);
    await inBucket({ acl: 'private' });
    world.store.mendAnswer = 'refused';
    await look();
    expect(world.alarms).toEqual(['mend-refused']);
    expect(await mark()).toEqual({ generation: 2, below: 'open', shown: 'private' });
    expect(await open()).toEqual([]);
  });

  test('to public of a key that is only below is shown, and nothing is sent', async () => {
    await world.setMark({ shown: 'private' });
    await lost(show);
    await look();
    expect(world.store.calls).toEqual(['look']);
    expect(await mark()).toMatchObject({ shown: 'public' });
  });

  test('to public of a key that is nowhere shows nothing', async () => {
    await world.setMark({ below: 'closed', shown: 'private' });
    await lost(show);
    await look();
    expect(await mark()).toMatchObject({ shown: 'private' });
    expect(await open()).toEqual([]);
  });

  test('to public is not repeated where something was decided since', async () => {
    await lost(show);
    await lost({ id: 'hide', kind: 'acl-private' });
    await inBucket();
    await look();
    expect(world.store.calls).toEqual(['look', 'acl private']);
    expect(await mark()).toMatchObject({ shown: 'private' });
    expect(await open()).toEqual(['hide']);
  });

  test('to private is repeated until the bucket agrees, and closed by the last look', async () => {
    await lost({ id: 'hide', kind: 'acl-private' });
    await inBucket();
    await look();
    expect(world.store.calls).toEqual(['look', 'acl private']);
    for (const offset of [0, ...looksMs]) {
      world.nowMs = startMs + offset;
      await look();
    }
    expect(world.store.calls.filter((call) => call !== 'look')).toEqual(['acl private']);
    expect(await open()).toEqual([]);
    expect(await mark()).toMatchObject({ shown: 'private' });
  });

  test.each([
    ['acl-private', 'private'],
    ['acl-public', 'public'],
  ] as const)('%s touches no ACL in a bucket that has none: only the mark says "%s"', async (kind, shown) => {
    await lost({ id: 'change', kind });
    await inBucket({ acl: kind === 'acl-private' ? 'public' : 'private' });
    const there = { ...rules, acls: false };
    for (const offset of [0, ...looksMs]) {
      world.nowMs = startMs + offset;
      await world.copier({ acls: false }).run(there, key, 'look', undefined, never);
    }
    expect(new Set(world.store.calls)).toEqual(new Set(['look']));
    expect(await mark()).toMatchObject({ shown });
    expect(await open()).toEqual([]);
  });
});

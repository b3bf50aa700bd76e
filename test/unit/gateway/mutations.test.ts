import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Forward, type Mutation, Mutations, type MutationsOptions } from '../../../src/gateway/mutations.ts';
import { SqliteLedger } from '../../../src/ledger/sqlite-ledger.ts';
import type { Intent, MutationKind } from '../../../src/marks/marks.ts';
import { SqliteMarks } from '../../../src/marks/sqlite-marks.ts';
import { Leases } from '../../../src/protocol/leases.ts';
import type { Forwarded, Rules } from '../../../src/protocol/state.ts';
import { scratch } from '../../support/scratch.ts';

const key = 'media_attachments/files/1/original/a.jpg';
const nowMs = 1_700_000_000_000;
const usual: Rules = { conditional: true, acls: true, looks: 5 };

let file: string;
let marks: SqliteMarks;
let ledger: SqliteLedger;
let leases: Leases;
let rules: Rules | undefined;
/** What happened, in order. */
let events: string[];
let ids: number;

beforeEach(() => {
  const dir = scratch('state');
  file = join(dir, 'marks.db');
  marks = new SqliteMarks(file);
  ledger = new SqliteLedger(join(dir, 'ledger.db'), { batchMs: 0 });
  leases = new Leases();
  rules = usual;
  events = [];
  ids = 0;
});
afterEach(async () => {
  await ledger.close();
  await marks.close();
});

function mutations(change: Partial<MutationsOptions> = {}): Mutations {
  return new Mutations({
    marks: {
      record: (name) => marks.record(name),
      update: async (keys, ...rest) => {
        const updated = await marks.update(keys, ...rest);
        events.push(`marks of ${keys.length}`);
        return updated;
      },
    },
    ledger: {
      record: (name) => ledger.record(name),
      change: async (name, saved, ...rest) => {
        await ledger.change(name, saved, ...rest);
        events.push(`ledger ${JSON.stringify(saved)}`);
      },
    },
    leases,
    rules: () => rules,
    purge: () => events.push('purge'),
    leaseWaitMs: 20,
    now: () => nowMs,
    ...change,
  });
}

const to = (kind: MutationKind, name = key): Mutation => {
  ids += 1;
  return { key: name, intent: { id: `id-${ids}`, kind, ...(kind === 'put' && { shows: 'public' }) } };
};
/** A store that says the same of every key. */
const saying =
  (answer: Forwarded): Forward =>
  async (sent) => {
    events.push('forward');
    return new Map(sent.map((mutation) => [mutation.key, answer]));
  };
const run = (kind: MutationKind, answer: Forwarded, change?: Partial<MutationsOptions>) =>
  mutations(change)
    .run([to(kind)], saying(answer))
    .then((results) => results.get(key));
const forwardsNothing: Forward = () => Promise.reject(new Error('must not be forwarded'));
const mark = async () => (await marks.record(key)).mark;
const open = async () => (await marks.record(key)).intents.map(({ kind }: Intent) => kind);
const look = async () => (await ledger.record(key)).look;

describe('a mutation', () => {
  test('is on record, and what is cached dropped, before it is forwarded; then settled, and dropped again', async () => {
    expect(await run('delete', 'done')).toBe('done');
    expect(events).toEqual(['marks of 1', 'purge', 'forward', 'marks of 1', 'purge']);
    expect(await mark()).toMatchObject({ below: 'closed', shown: 'gone' });
    expect(await open()).toEqual([]);
    expect(await look()).toBeUndefined();
  });

  test.each<[MutationKind, object]>([
    ['delete', { generation: 1, below: 'closed', shown: 'gone' }],
    ['acl-private', { generation: 1, below: 'open', shown: 'private' }],
    ['acl-public', { generation: 1, below: 'open', shown: 'unset' }],
    ['put', { generation: 1, below: 'open', shown: 'unset' }],
  ])('%s: another process reads the intent, and only what hides, as it is forwarded', async (kind, expected) => {
    const wanted = to(kind);
    await mutations().run([wanted], async () => {
      const other = new SqliteMarks(file);
      const record = await other.record(key);
      await other.close();
      expect(record.mark).toEqual(expected);
      expect(record.intents).toMatchObject([wanted.intent]);
      return new Map();
    });
    expect.assertions(2);
  });

  test.each<[MutationKind, object]>([
    ['delete', { below: 'closed', shown: 'gone' }],
    ['acl-private', { below: 'open', shown: 'private' }],
    ['acl-public', { below: 'open', shown: 'public' }],
    ['put', { below: 'closed', shown: 'public' }],
  ])('%s that is done leaves its facts and nothing open', async (kind, expected) => {
    expect(await run(kind, 'done')).toBe('done');
    expect(await mark()).toMatchObject(expected);
    expect(await open()).toEqual([]);
  });

  test.each<MutationKind>(['delete', 'acl-private', 'acl-public', 'put'])(
    '%s that the store refused gives back the facts, as a new generation',
    async (kind) => {
      await run('acl-public', 'done');
      expect(await run(kind, 'refused')).toBe('refused');
      expect(await mark()).toEqual({ generation: 3, below: 'open', shown: 'public' });
      expect(await open()).toEqual([]);
      expect(await look()).toBeUndefined();
    },
  );

  test.each<MutationKind>(['delete', 'acl-private', 'acl-public', 'put'])(
    '%s without an answer stays on record and is looked after at once',
    async (kind) => {
      expect(await run(kind, 'unknown')).toBe('unknown');
      expect(await open()).toEqual([kind]);
      expect(await look()).toBe(0);
      expect(await ledger.looksDue(nowMs, 9)).toEqual([key]);
      expect(events.at(-1)).toBe('ledger {"look":0}');
    },
  );

  test('of which the store said nothing has no known outcome', async () => {
    const results = await mutations().run([to('delete')], async () => new Map());
    expect(results.get(key)).toBe('unknown');
    expect(await look()).toBe(0);
  });

  test('whose forwarding fails in an unexpected way says so, and is looked after', async () => {
    const failure = new Error('a bug');
    await expect(mutations().run([to('delete')], () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await open()).toEqual(['delete']);
    expect(await look()).toBe(0);
    expect(leases.taken(key)).toBe(false);
  });

  test('cancels a copy that is under way, and goes on', async () => {
    const letGo = leases.take(key, { cancel: () => setImmediate(() => letGo?.()) });
    expect(await run('put', 'done', { leaseWaitMs: 5000 })).toBe('done');
  });

  test('that was disturbed while it was forwarded leaves a look behind', async () => {
    const results = await mutations().run([to('put')], async (sent) => {
      leases.disturb(key);
      return await saying('done')(sent);
    });
    expect(results.get(key)).toBe('done');
    expect(await look()).toBe(0);
  });

  test('that was disturbed as late as when it was settled leaves a look behind, too', async () => {
    const update: MutationsOptions['marks']['update'] = async (...all) => {
      const updated = await marks.update(...all);
      if (events.includes('forward')) leases.disturb(key);
      return updated;
    };
    const settling = mutations({ marks: { record: (name) => marks.record(name), update } });
    expect((await settling.run([to('put')], saying('done'))).get(key)).toBe('done');
    expect(await look()).toBe(0);
  });

  test('does not show what a DELETE hid that was recorded while it was forwarded', async () => {
    const results = await mutations().run([to('put')], async (sent) => {
      expect(await run('delete', 'done')).toBe('recorded');
      return await saying('done')(sent);
    });
    expect(results.get(key)).toBe('done');
    expect(await mark()).toMatchObject({ below: 'closed', shown: 'gone' });
    expect(await open()).toEqual(['delete']);
    expect(await look()).toBe(0);
  });
});

describe('an upload is not begun, and nothing recorded', () => {
  test('while a DELETE of that key has no known outcome', async () => {
    await run('delete', 'unknown');
    const before = await marks.record(key);
    expect((await mutations().run([to('put')], forwardsNothing)).get(key)).toBe('busy');
    expect(await marks.record(key)).toEqual(before);
  });

  test('while a DELETE of our own has none', async () => {
    await ledger.change(key, { deleting: true, look: 0 }, {}, nowMs);
    expect((await mutations().run([to('put')], forwardsNothing)).get(key)).toBe('busy');
    expect(await mark()).toMatchObject({ generation: 0 });
  });

  test('while an upload of ours has none, where the store ignores conditions', async () => {
    const attempt = { id: 'a', generation: 0, md5: '0', size: 1, sourceAcl: 'public' as const, unconditional: false };
    await ledger.change(key, { status: 'wanted', attempts: [attempt], look: 0 }, {}, nowMs);
    rules = { ...usual, conditional: false };
    expect((await mutations().run([to('put')], forwardsNothing)).get(key)).toBe('busy');
    rules = usual;
    expect(await run('put', 'done')).toBe('done');
  });
});

describe('while something else holds the lease for too long', () => {
  let disturbed: number;
  beforeEach(() => {
    disturbed = 0;
    leases.take(key, { disturb: () => (disturbed += 1) });
  });

  test.each<[MutationKind, object]>([
    ['delete', { below: 'closed', shown: 'gone' }],
    ['acl-private', { below: 'open', shown: 'private' }],
  ])('%s is recorded all the same, and carried out later', async (kind, expected) => {
    expect((await mutations().run([to(kind)], forwardsNothing)).get(key)).toBe('recorded');
    expect(await mark()).toMatchObject(expected);
    expect(await open()).toEqual([kind]);
    expect(events).toEqual(['marks of 1', 'purge', 'ledger {"look":0}']);
    expect(await ledger.looksDue(nowMs, 9)).toEqual([key]);
  });

  test.each<MutationKind>(['put', 'acl-public'])('%s is not begun, and nothing is recorded', async (kind) => {
    expect((await mutations().run([to(kind)], forwardsNothing)).get(key)).toBe('busy');
    expect(await mark()).toMatchObject({ generation: 0 });
    expect(await open()).toEqual([]);
    expect(await look()).toBeUndefined();
    expect(disturbed).toBe(0);
  });

  test('its holder is told before anything is written', async () => {
    leases.disturb = () => events.push('disturb');
    await mutations().run([to('delete')], forwardsNothing);
    expect(events.slice(0, 2)).toEqual(['disturb', 'marks of 1']);
  });

  test('a batch goes on with its other keys', async () => {
    const other = to('delete', 'other.jpg');
    const results = await mutations().run([to('delete'), other], saying('done'));
    expect(results).toEqual(
      new Map([
        [key, 'recorded'],
        ['other.jpg', 'done'],
      ]),
    );
  });

  test('the lease stays with its holder', async () => {
    await mutations().run([to('delete')], forwardsNothing);
    expect(leases.taken(key)).toBe(true);
  });
});

describe('while the bucket is not known to be the right one', () => {
  beforeEach(() => {
    rules = undefined;
  });

  test('what hides is recorded, anything else is not begun, and nothing is forwarded', async () => {
    const kinds: MutationKind[] = ['delete', 'acl-private', 'acl-public', 'put'];
    const results = await mutations().run(
      kinds.map((kind) => to(kind, kind)),
      forwardsNothing,
    );
    expect([...results]).toEqual([
      ['delete', 'recorded'],
      ['acl-private', 'recorded'],
      ['acl-public', 'busy'],
      ['put', 'busy'],
    ]);
    expect((await marks.get('delete')).shown).toBe('gone');
    expect((await marks.get('acl-private')).shown).toBe('private');
    expect((await marks.get('put')).generation).toBe(0);
    expect(kinds.map((kind) => leases.taken(kind))).toEqual([false, false, false, false]);
  });

  test('who holds a lease is not waited for, and told', async () => {
    let disturbed = false;
    leases.take(key, {
      disturb: () => {
        disturbed = true;
      },
    });
    expect((await mutations({ leaseWaitMs: 60_000 }).run([to('delete')], forwardsNothing)).get(key)).toBe('recorded');
    expect(disturbed).toBe(true);
  });
});

describe('a batch', () => {
  const names = Array.from({ length: 1000 }, (_, n) => `${n}.jpg`);

  test('of a thousand keys takes one transaction before it is forwarded and one after, and one request', async () => {
    const results = await mutations().run(
      names.map((name) => to('delete', name)),
      saying('done'),
    );
    expect(events.filter((event) => event !== 'purge')).toEqual(['marks of 1000', 'forward', 'marks of 1000']);
    expect(results.size).toBe(1000);
    expect(new Set(results.values())).toEqual(new Set(['done']));
    expect(await marks.openIntents()).toBe(0);
    expect(names.some((name) => leases.taken(name))).toBe(false);
  });

  test('has an outcome for each key', async () => {
    const said: Record<string, Forwarded> = { a: 'done', b: 'refused', c: 'unknown' };
    const all = ['a', 'b', 'c', 'd'];
    const results = await mutations().run(
      all.map((name) => to('delete', name)),
      async () => new Map(Object.entries(said)),
    );
    expect(Object.fromEntries(results)).toEqual({ ...said, d: 'unknown' });
    expect(await Promise.all(all.map(async (name) => (await marks.get(name)).shown))).toEqual([
      'gone',
      'unset',
      'gone',
      'gone',
    ]);
    expect(await ledger.looksDue(nowMs, 9)).toEqual(['c', 'd']);
  });

  test('and another of the same keys in another order both come to their end', async () => {
    const at = mutations({ leaseWaitMs: 5000 });
    const slow: Forward = async (sent) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return await saying('done')(sent);
    };
    const [first, second] = await Promise.all([
      at.run([to('delete', 'a'), to('delete', 'b')], slow),
      at.run([to('delete', 'b'), to('delete', 'a')], slow),
    ]);
    expect([...first.values(), ...second.values()]).toEqual(['done', 'done', 'done', 'done']);
  });

  test('of nothing does nothing', async () => {
    expect((await mutations().run([], forwardsNothing)).size).toBe(0);
    expect(events).toEqual([]);
  });
});

describe('whatever fails, the leases are let go, and nothing is forwarded that is not on record', () => {
  const broken = () => Promise.reject(new Error('the disk is full'));
  let forwarded: number;
  const counting: Forward = async (sent) => {
    forwarded += 1;
    return await saying('unknown')(sent);
  };
  beforeEach(() => {
    forwarded = 0;
  });

  test.each<[string, () => Partial<MutationsOptions>, number]>([
    ['reading a record', () => ({ marks: { record: broken, update: (...all) => marks.update(...all) } }), 0],
    ['writing an intent', () => ({ marks: { record: (name) => marks.record(name), update: broken } }), 0],
    ['reading the ledger', () => ({ ledger: { record: broken, change: broken } }), 0],
    ['writing a look', () => ({ ledger: { record: (name) => ledger.record(name), change: broken } }), 1],
  ])('%s', async (_what, change, times) => {
    const both = [to('delete'), to('delete', 'other')];
    await expect(mutations(change()).run(both, counting)).rejects.toThrow('the disk is full');
    expect([forwarded, leases.taken(key), leases.taken('other')]).toEqual([times, false, false]);
  });
});

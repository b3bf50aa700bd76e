import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PutAnswer } from '../../../src/bucket/object-store.ts';
import { marked } from '../../../src/protocol/marking.ts';
import { CopierWorld, key, looksMs, never, rules, startMs, uploadOf } from './copier-world.ts';
import { fakeBody } from './fake-body.ts';

const unknown: PutAnswer = { kind: 'unknown', reason: 'ECONNRESET', slowDown: false };
const unconditional = { ...rules, conditional: false };

let world: CopierWorld;
beforeEach(async () => {
  world = new CopierWorld();
  await world.ask();
});
afterEach(() => world.close());

/**
 * What the write host does with a DELETE that could not have the lease, up to a crash before it begins the looks. Nothing but whoever
 * holds the lease leaves one behind then.
 */
async function record(): Promise<void> {
  world.leases.disturb(key);
  const change = { type: 'intend', intent: { id: 'late', kind: 'delete' } } as const;
  await world.marks.update([key], (before) => marked(before, change), world.nowMs);
}

/** Records at the n-th time that `at` happens. */
function recordAt(at: string, n = 1): () => boolean {
  let left = n;
  const meanwhile = async (what: string) => {
    if (what === at && --left === 0) await record();
  };
  world.meanwhile = meanwhile;
  world.store.meanwhile = meanwhile;
  return () => left <= 0;
}

const copy = () => world.copy();
const look = () => world.look();
const copyUnconditionally = () => world.copier().run(unconditional, key, 'copy', undefined, never);
const another = async () => {
  await world.store.store({ ...(await uploadOf('something else')), id: 'of a client' });
};
/** An upload of ours that may yet land, and all looks but the last. */
const lastLook = async () => {
  world.store.answers = [unknown];
  await copy();
  for (const offset of [0, ...looksMs.slice(0, -1)]) {
    world.nowMs = startMs + offset;
    await look();
  }
  world.nowMs = startMs + looksMs.at(-1)!;
};
const landedPrivate = async () => {
  world.store.answers = [unknown];
  await copy();
  const [upload] = world.store.uploads;
  await world.store.store({ ...(await uploadOf('picture')), id: upload!.id });
  await world.setMark({ shown: 'private' });
};

interface Stage {
  readonly when: string;
  readonly at: string;
  readonly n?: number;
  readonly arrange?: () => Promise<unknown>;
  readonly run?: () => Promise<unknown>;
}

const stages: Stage[] = [
  { when: 'its record is read', at: 'ledger record' },
  { when: 'its mark is read for the first time', at: 'marks record' },
  { when: 'its mark is read after its bytes', at: 'marks record', n: 2 },
  { when: 'its upload is put on record', at: 'ledger change' },
  { when: 'it is uploaded', at: 'put if absent' },
  {
    when: 'it is uploaded, and the answer is lost',
    at: 'put if absent',
    arrange: async () => world.store.answers.push(unknown),
  },
  {
    when: 'it is uploaded, and refused',
    at: 'put if absent',
    arrange: async () => world.store.answers.push({ kind: 'refused', status: 400, code: 'BadDigest' }),
  },
  { when: 'its mark is read for the last time', at: 'marks record', n: 3 },
  { when: 'it is looked at, since something was there', at: 'look', arrange: another },
  { when: 'it is looked at first', at: 'look', run: copyUnconditionally },
  { when: 'it is uploaded without a condition', at: 'put', run: copyUnconditionally },
  { when: 'it is written down why it waits', at: 'ledger queued', arrange: async () => (world.below = 'changed') },
  { when: 'it is looked at for the last time', at: 'look', arrange: lastLook, run: look },
  { when: 'it was looked at for the last time', at: 'marks record', n: 2, arrange: lastLook, run: look },
  { when: 'its ACL is mended', at: 'acl private', arrange: landedPrivate, run: look },
];

describe('a DELETE that is recorded without the lease leaves a look due', () => {
  test.each(stages)('while $when', async ({ at, n, arrange, run = copy }) => {
    await arrange?.();
    const recorded = recordAt(at, n);
    await run();
    expect(recorded()).toBe(true);
    expect(await world.ledger.record(key)).toMatchObject({ look: 0 });
    expect(await world.looksDueAt(world.nowMs)).toBe(1);
  });

  test.each(stages)(
    'while $when, and its looks leave nothing in the bucket',
    async ({ at, n, arrange, run = copy }) => {
      await arrange?.();
      recordAt(at, n);
      await run();
      for (let looks = 0; (await world.ledger.record(key)).look !== undefined; looks++) {
        expect(looks).toBeLessThan(9);
        await look();
        world.nowMs += looksMs.at(-1)!;
      }
      expect(world.store.stored).toBeUndefined();
      expect(await world.marks.openIntents()).toBe(0);
      expect((await world.marks.get(key)).shown).toBe('gone');
    },
  );

  test('while the bytes are read', async () => {
    world.below = fakeBody('picture', {
      whole: async () => {
        await record();
        return { md5: 'd41d8cd98f00b204e9800998ecf8427e' };
      },
    });
    await copy();
    expect(world.store.calls).toEqual([]);
    expect(await world.ledger.record(key)).toMatchObject({ status: 'none', look: 0 });
  });

  test('while a copy is cancelled', async () => {
    const abort = new AbortController();
    recordAt('put if absent');
    world.store.answers.push(async () => {
      abort.abort();
      return unknown;
    });
    await world.copy(undefined, abort.signal);
    expect(await world.looksDueAt(world.nowMs)).toBe(1);
  });

  test('also when the looks begin at the very moment that the last one ends', async () => {
    await lastLook();
    let hidden: Promise<void> | undefined;
    world.meanwhile = async (what) => {
      // The copier's own last word is on its way, and is written first.
      if (what === 'ledger change' && !hidden)
        hidden = record().then(() => world.ledger.change(key, { look: 0 }, { lookAtMs: world.nowMs }, world.nowMs));
    };
    await look();
    await hidden;
    expect(await world.looksDueAt(world.nowMs)).toBe(1);
  });

  test('and no look where nothing was recorded', async () => {
    await copy();
    expect(await world.ledger.record(key)).toMatchObject({ status: 'copied', look: undefined });
  });
});

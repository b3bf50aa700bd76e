import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PutAnswer } from '../../../src/bucket/object-store.ts';
import type { SourceBody } from '../../../src/media/body.ts';
import { marked } from '../../../src/protocol/marking.ts';
import { SourceReadError } from '../../../src/sources/source.ts';
import { eventually } from '../../support/eventually.ts';
import { CopierWorld, key, looksMs, never, retry, rules, startMs, uploadOf } from './copier-world.ts';
import { fakeBody } from './fake-body.ts';
import { noAnswer } from './fake-part-store.ts';

const content = 'a file that is large';
const partBytes = 8;
const md5Of = (text: string) => createHash('md5').update(text).digest('hex');
const unknown: PutAnswer = { kind: 'unknown', reason: 'ECONNRESET', slowDown: false };

/** Three parts of at most eight bytes. */
function largeBody(change: Partial<SourceBody> = {}) {
  const pieces = [0, 8, 16].map((at) => content.slice(at, at + partBytes));
  return fakeBody(content, {
    bytes: undefined,
    open: async (range) => Readable.from([Buffer.from(content.slice(range?.first ?? 0, (range?.last ?? 99) + 1))]),
    whole: async () => ({ md5: md5Of(content), parts: { bytes: partBytes, md5s: pieces.map(md5Of) } }),
    ...change,
  });
}

let world: CopierWorld;
let calls: string[];
let parts: CopierWorld['store']['parts'];
beforeEach(async () => {
  world = new CopierWorld();
  calls = world.store.calls;
  parts = world.store.parts;
  world.below = largeBody();
  await world.ask();
});
afterEach(() => world.close());

const copy = (signal = never) =>
  world.copier({ retry: { ...retry, firstMs: 1 } }).run(rules, key, 'copy', undefined, signal);
const record = () => world.ledger.record(key);
const reason = async () => world.details.at(-1)?.reason;
const left = () => world.ledger.parts.left(9);
const allSent = ['look', 'begin parts', 'part 1', 'part 2', 'part 3'];
/** Nothing is visible, nothing open, and nothing left at the store. */
async function expectNothing() {
  expect(world.store.stored).toBeUndefined();
  expect((await record()).attempts).toEqual([]);
  await eventually(async () => expect([await left(), parts.uploads.size]).toEqual([[], 0]));
}

describe('a file that goes up in parts', () => {
  test('is looked for before the first part, and again before the completion', async () => {
    await copy();
    expect(calls).toEqual([...allSent, 'look', 'complete']);
    expect(world.store.stored).toMatchObject({ text: content, md5: md5Of(content), acl: 'public' });
    expect(await record()).toEqual({ status: 'copied', attempts: [], look: undefined, deleting: false });
    expect(world.ended).toEqual([{ outcome: { type: 'copied' }, givenUp: false, bytes: content.length }]);
    expect(await left()).toEqual([]);
  });

  test('is on record by the name of its upload before the first part, and its completion before it is sent', async () => {
    const seen: unknown[] = [];
    parts.sends = [
      async () => {
        seen.push(await left(), (await record()).attempts);
        return undefined;
      },
    ];
    parts.completions = [
      async () => {
        seen.push((await record()).attempts);
        return parts.land('upload 1');
      },
    ];
    await copy();
    const id = world.store.stored?.id;
    expect(seen).toEqual([
      [{ uploadId: 'upload 1', key, copyId: id }],
      [],
      [expect.objectContaining({ id, unconditional: true, size: content.length })],
    ]);
  });

  test('is not begun where something is there', async () => {
    await world.store.store(await uploadOf('something else'));
    await copy();
    expect(calls).toEqual(['look']);
    expect((await record()).status).toBe('superseded');
  });

  test('is not completed over what came while its parts went up', async () => {
    parts.sends = [
      async () => {
        await world.store.store({ ...(await uploadOf('something else')), id: 'of a client' });
        return undefined;
      },
    ];
    await copy();
    expect(calls).not.toContain('complete');
    expect(world.store.stored?.text).toBe('something else');
    expect((await record()).status).toBe('superseded');
    await eventually(async () => expect([await left(), parts.uploads.size]).toEqual([[], 0]));
  });

  test('is not completed when it was deleted without the lease meanwhile', async () => {
    parts.sends = [
      async () => {
        const change = { type: 'intend', intent: { id: 'late', kind: 'delete' } } as const;
        await world.marks.update([key], (before) => marked(before, change), world.nowMs);
        return undefined;
      },
    ];
    await copy();
    expect(calls).not.toContain('complete');
    await expectNothing();
  });

  test('is begun anew when it was hidden meanwhile, and goes up private then', async () => {
    parts.sends = [
      async () => {
        await world.setMark({ shown: 'private' });
        return undefined;
      },
    ];
    await copy();
    await expectNothing();
    await copy();
    expect(world.store.stored).toMatchObject({ text: content, acl: 'private' });
  });

  test('lets go at once when it is cancelled, with nothing to look for', async () => {
    const abort = new AbortController();
    parts.sends = [
      async () => {
        abort.abort();
        return noAnswer;
      },
    ];
    await copy(abort.signal);
    expect(await reason()).toBe('cancelled');
    expect((await record()).look).toBeUndefined();
    await expectNothing();
  });
});

describe('a part', () => {
  test.each([noAnswer, { ...noAnswer, status: 500 }, { ...noAnswer, status: 503, slowDown: true }])(
    'that gets no clear answer is sent again: %o',
    async (answer) => {
      parts.sends = [answer, answer, answer];
      await copy();
      expect(calls.filter((call) => call === 'part 1').length).toBe(4);
      expect((await record()).status).toBe('copied');
    },
  );

  test.each([
    [noAnswer, 'bucket-unavailable'],
    [{ ...noAnswer, status: 503, slowDown: true }, 'slow-down'],
  ] as const)(
    'that gets none four times ends the upload, and costs the file none of its tries: %o',
    async (answer, why) => {
      parts.sends = [answer, answer, answer, answer];
      await copy();
      expect(await reason()).toBe(why);
      expect(await world.ledger.queued(key)).toMatchObject({ failures: 0 });
      await expectNothing();
    },
  );

  test.each([
    [400, 'store-refused'],
    [403, 'store-denied'],
    [507, 'store-denied'],
  ] as const)('that is refused with %i ends the upload', async (status, why) => {
    const answer = { ...noAnswer, status };
    parts.sends = [answer, answer, answer, answer];
    await copy();
    expect(await reason()).toBe(why);
    await expectNothing();
  });

  test.each([
    ['EIO', 'damaged'],
    ['CHANGED', 'changed'],
    ['TIMEOUT', 'source-unavailable'],
  ] as const)('that the source does not give (%s) ends the upload', async (code, why) => {
    const open = async () => {
      throw new SourceReadError(code, 'it broke');
    };
    world.below = largeBody({ open });
    await copy();
    expect(await reason()).toBe(why);
    await expectNothing();
  });

  test('of other bytes than were read before ends the upload', async () => {
    world.below = largeBody({ open: async () => Readable.from([Buffer.from('AAAAAAAA')]) });
    await copy();
    expect(await reason()).toBe('changed');
    await expectNothing();
  });

  test('of a file that is another one in the end is not completed', async () => {
    world.below = largeBody({ unchanged: async () => false });
    await copy();
    expect(calls.slice(0, allSent.length)).toEqual(allSent);
    expect(calls).not.toContain('complete');
    expect(await reason()).toBe('changed');
    await expectNothing();
  });
});

describe('a completion of unknown outcome', () => {
  beforeEach(() => {
    parts.completions = [unknown];
  });

  test('stays on record, and its parts are left alone until the last look', async () => {
    await copy();
    expect(await record()).toMatchObject({ look: 0, attempts: [{ unconditional: true }] });
    for (const offset of [0, ...looksMs]) {
      world.left.sweep();
      expect(await left()).toEqual([]);
      expect(parts.uploads.size).toBe(1);
      world.nowMs = startMs + offset;
      await world.look();
    }
    world.left.sweep();
    await expectNothing();
  });

  test('is the only one until then, and waiting for it is no failure', async () => {
    await copy();
    await world.look();
    for (let n = 0; n < 20; n++) await copy();
    expect(calls.filter((call) => call === 'complete').length).toBe(1);
    expect(await world.ledger.queued(key)).toMatchObject({ failures: 1 });
    expect((await record()).status).toBe('wanted');
  });

  test('that landed is copied by the look', async () => {
    await copy();
    parts.land('upload 1');
    await world.look();
    expect((await record()).status).toBe('copied');
  });

  test('that landed is not aborted, though the store fell before it forgot the upload: the parts are the object', async () => {
    await copy();
    const upload = parts.uploads.get('upload 1')!;
    parts.land('upload 1');
    parts.uploads.set('upload 1', upload);
    for (const offset of [0, ...looksMs]) {
      world.nowMs = startMs + offset;
      await world.look();
      world.left.sweep();
    }
    expect(await record()).toMatchObject({ status: 'copied', attempts: [], look: undefined });
    await eventually(async () => expect(await left()).toEqual([]));
    expect(calls).not.toContain('abort upload 1');
  });
});

test('a completion that the store refuses leaves nothing', async () => {
  parts.completions = [{ kind: 'refused', status: 400, code: 'InvalidPart' }];
  await copy();
  expect(await reason()).toBe('store-refused');
  await expectNothing();
});

test('a completion that is refused because something is there leaves that', async () => {
  parts.completions = [
    async () => {
      await world.store.store({ ...(await uploadOf('something else')), id: 'of a client' });
      return { kind: 'exists' };
    },
  ];
  await copy();
  expect(world.store.stored?.text).toBe('something else');
  expect((await record()).status).toBe('superseded');
});

describe('what cannot be aborted', () => {
  test('is told once, and tried again', async () => {
    parts.abortAnswer = 'unknown';
    parts.completions = [{ kind: 'refused', status: 400, code: 'InvalidPart' }];
    await copy();
    await eventually(() => expect(world.notAborted).toEqual(['upload 1 unknown']));
    world.left.sweep();
    await eventually(() => expect(calls.filter((call) => call === 'abort upload 1').length).toBe(2));
    parts.abortAnswer = undefined;
    world.left.sweep();
    await expectNothing();
    expect(world.notAborted).toEqual(['upload 1 unknown']);
  });

  test('is left alone while the bucket is not known to be ours', async () => {
    parts.completions = [
      async () => {
        world.identity = 'other';
        return { kind: 'refused', status: 400, code: 'InvalidPart' };
      },
    ];
    await copy();
    world.left.sweep();
    await world.left.stop();
    expect(calls.filter((call) => call.startsWith('abort'))).toEqual([]);
    expect((await left()).length).toBe(1);
  });
});

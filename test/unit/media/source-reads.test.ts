import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { MemoryCache } from '../../../src/cache/memory-cache.ts';
import type { ByteRange } from '../../../src/lib/byte-range.ts';
import { unmarked } from '../../../src/marks/marks.ts';
import { Bodies } from '../../../src/media/bodies.ts';
import type { NotHad } from '../../../src/media/body.ts';
import { SourceReads } from '../../../src/media/source-reads.ts';
import { SpoolRoom } from '../../../src/media/spool-room.ts';
import { type Source, type SourceAnswer, type SourceObject, SourceReadError } from '../../../src/sources/source.ts';
import { scratch } from '../../support/scratch.ts';
import { pattern } from './fake-origin.ts';

const bytes = pattern(1000);

/** Objects that count their reads, and what is held of them. */
class Counted {
  readonly reads: (ByteRange | undefined)[] = [];
  held = 0;
  /** From this read on, counted from 0, the medium gives nothing. */
  brokenFrom = Number.POSITIVE_INFINITY;
  /** It gives half of what is asked for, and then breaks with this. */
  brokenHalfway: Error | undefined;

  source(name: string): Source {
    return { name, open: async () => ({ kind: 'found', object: this.#object() }) };
  }

  #object(): SourceObject {
    this.held += 1;
    let open = true;
    return {
      meta: { size: bytes.length, mtimeMs: 0, headers: {} },
      ...{ mtime: '1', private: false, unchanged: async () => true },
      read: (range) => {
        this.reads.push(range);
        const { first, last } = range ?? { first: 0, last: bytes.length - 1 };
        const asked = bytes.subarray(first, last + 1);
        if (this.brokenHalfway) return brokenHalfway(asked, this.brokenHalfway);
        const stream = Readable.from([asked], { objectMode: false });
        return this.reads.length > this.brokenFrom
          ? stream.destroy(new SourceReadError('EIO', 'the medium is damaged'))
          : stream;
      },
      close: () => {
        if (open) this.held -= 1;
        open = false;
      },
    };
  }
}

function brokenHalfway(asked: Buffer, error: Error): Readable {
  return Readable.from(
    (async function* () {
      yield asked.subarray(0, asked.length / 2);
      throw error;
    })(),
    { objectMode: false },
  );
}

function bodiesIn(room: Pick<SpoolRoom, 'reserve'>) {
  const cache = new MemoryCache({ maxBytes: 1e6, maxObjectBytes: 1e6, ttlMs: 1000 });
  const marks = { get: async () => unmarked };
  return new Bodies({ room: room as SpoolRoom, cache, marks, now: () => 0, readAheadBytes: 10 });
}

function readsOf(
  first: Counted,
  room: Pick<SpoolRoom, 'reserve'>,
  troubled: (source: string, answer: SourceAnswer, key: string) => void = () => undefined,
) {
  const bodies = bodiesIn(room);
  const none: Source = { name: 'second', open: async () => ({ kind: 'missing' }) };
  return new SourceReads({
    ...{
      sources: [first.source('first'), none],
      bodies,
      wantsWhole: () => true,
      partBytesOf: () => undefined,
      troubled,
    },
  });
}

const noRoom = { reserve: () => undefined };

/** Our own disk is full. */
const noStorage = {
  reserve: () => ({
    memory: undefined,
    write: () => Promise.reject(new Error('ENOSPC')),
    read: () => Promise.reject(new Error('ENOSPC')),
    close: async () => undefined,
  }),
};

test('what finds no room is read once, though another source might have had it too', async () => {
  const first = new Counted();
  const answer = await readsOf(first, noRoom).read('a.jpg', { barred: false });
  if (answer.kind !== 'alone') throw new Error(answer.kind);
  expect(bytes.equals(await buffer(await answer.body.open()))).toBe(true);
  expect((await buffer(await answer.body.open({ first: 5, last: 7 }))).equals(bytes.subarray(5, 8))).toBe(true);
  answer.body.release();
  expect(first.reads).toEqual([undefined, { first: 5, last: 7 }]);
  expect(first.held).toBe(0);
});

test('what cannot be spooled, and gives no byte when it is opened again, is held by nobody', async () => {
  const first = new Counted();
  first.brokenFrom = 1;
  expect(await readsOf(first, noStorage).read('a.jpg', { barred: false })).toEqual({
    kind: 'unavailable',
    damaged: true,
    detail: 'the medium is damaged',
    failed: { source: 'first', size: 1000, mtime: '1' },
    by: ['first'],
  });
  await new Promise((done) => setImmediate(done));
  expect([first.reads.length, first.held]).toEqual([2, 0]);
});

test('a source that is not in use is not asked, neither by readers nor by copies, from one moment to the next', async () => {
  const asked: string[] = [];
  const source = (name: string): Source => ({
    name,
    open: async () => {
      asked.push(name);
      return { kind: 'missing' };
    },
  });
  let inUse = new Set(['first', 'second']);
  const reads = new SourceReads({
    sources: [source('first'), source('second')],
    inUse: (name) => inUse.has(name),
    bodies: bodiesIn(noRoom),
    wantsWhole: () => true,
    partBytesOf: () => undefined,
    troubled: () => undefined,
  });
  const all = async () => [
    (await reads.find('a.jpg', new AbortController().signal)).kind,
    (await reads.read('a.jpg', { barred: false })).kind,
    ((await reads.forCopy('a.jpg')) as NotHad).reason,
  ];
  const missing = ['missing', 'missing', 'gone-below'];
  expect([await all(), asked.splice(0)]).toEqual([missing, ['first', 'second', 'first', 'second', 'first', 'second']]);
  inUse = new Set(['second']);
  expect([await all(), asked.splice(0)]).toEqual([missing, ['second', 'second', 'second']]);
  inUse = new Set();
  expect([await all(), asked.splice(0)]).toEqual([missing, []]);
});

const inMemory = () => new SpoolRoom({ dir: scratch('spool'), memoryBytes: 1e6, memoryObjectBytes: 1e6, diskBytes: 0 });
const eio = () => new SourceReadError('EIO', 'EIO at byte 500 of 1000');

test.each([
  ['that is shared', inMemory],
  ['for which there is no room', () => noRoom],
])('a read %s is told as trouble of its source, once, also where it breaks after its first byte', async (_, room) => {
  const first = new Counted();
  first.brokenHalfway = eio();
  const told: unknown[] = [];
  const reads = readsOf(first, room(), (source, answer, key) => void told.push([source, answer.kind, key]));
  const answer = await reads.read('a.jpg', { barred: false });
  if (answer.kind !== 'alone' && answer.kind !== 'shared') throw new Error(answer.kind);
  const body = answer.kind === 'alone' ? answer.body : answer.body.hold();
  await expect(body.open().then(buffer)).rejects.toThrow('EIO at byte 500');
  body.release();
  expect(told).toEqual([['first', 'damaged', 'a.jpg']]);
});

test.each([
  ['that is shared', inMemory],
  ['for which there is no room', () => noRoom],
])('a read %s that gives no byte is told once', async (_, room) => {
  const first = new Counted();
  first.brokenFrom = 0;
  const told: unknown[] = [];
  const reads = readsOf(first, room(), (source, answer) => void told.push([source, answer.kind]));
  expect(await reads.read('a.jpg', { barred: false })).toMatchObject({ kind: 'unavailable', damaged: true });
  await new Promise((done) => setImmediate(done));
  expect(told).toEqual([['first', 'damaged']]);
});

test('a file that changes while it is read is no trouble of its source', async () => {
  const first = new Counted();
  first.brokenHalfway = new SourceReadError('CHANGED', 'the file ends at byte 500 of 1000');
  const told: unknown[] = [];
  const answer = await readsOf(first, noRoom, () => void told.push(1)).read('a.jpg', { barred: false });
  if (answer.kind !== 'alone') throw new Error(answer.kind);
  await expect(answer.body.open().then(buffer)).rejects.toThrow('the file ends');
  answer.body.release();
  expect(told).toEqual([]);
});

test.each([
  ['that is shared', inMemory],
  ['for which there is no room', () => noRoom],
])('a reader who leaves a read %s is no trouble of its source', async (_, room) => {
  const first = new Counted();
  const told: unknown[] = [];
  const answer = await readsOf(first, room(), () => void told.push(1)).read('a.jpg', { barred: false });
  if (answer.kind !== 'alone' && answer.kind !== 'shared') throw new Error(answer.kind);
  const body = answer.kind === 'alone' ? answer.body : answer.body.hold();
  (await body.open()).destroy();
  body.release();
  await new Promise((done) => setImmediate(done));
  expect(told).toEqual([]);
});

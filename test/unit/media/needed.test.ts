import { text } from 'node:stream/consumers';
import { beforeEach, expect, test } from 'vitest';
import type { BucketTrouble } from '../../../src/bucket/bucket.ts';
import { MemoryCache } from '../../../src/cache/memory-cache.ts';
import { type Mark, unmarked } from '../../../src/marks/marks.ts';
import { Bodies } from '../../../src/media/bodies.ts';
import { BucketReads } from '../../../src/media/bucket-reads.ts';
import { Pipes } from '../../../src/media/pipes.ts';
import { ReadThrough } from '../../../src/media/read-through.ts';
import { SourceReads } from '../../../src/media/source-reads.ts';
import { SpoolRoom } from '../../../src/media/spool-room.ts';
import type { Source, SourceAnswer } from '../../../src/sources/source.ts';
import { eventually } from '../../support/eventually.ts';
import { scratch } from '../../support/scratch.ts';
import { Tap } from './fake-origin.ts';

const never = new AbortController().signal;
const get = { head: false, hint: undefined };
const head = { head: true, hint: undefined };
const content = 'of a source';

let needed: string[];
let mark: Mark;
let basement: () => SourceAnswer;
let bucket: 'missing' | 'unavailable';
let cache: MemoryCache;
let reads: ReadThrough;
let sourceReads: SourceReads;

function found(): SourceAnswer {
  const bytes = () => {
    const tap = new Tap();
    tap.give(Buffer.from(content));
    tap.end();
    return tap;
  };
  const meta = { size: content.length, mtimeMs: 0, headers: {} };
  const object = { meta, mtime: '0', private: false, read: bytes, unchanged: async () => true, close: () => undefined };
  return { kind: 'found', object };
}

beforeEach(() => {
  needed = [];
  mark = unmarked;
  bucket = 'missing';
  basement = found;
  const attic: Source = { name: 'attic', open: async () => ({ kind: 'missing' }) };
  const marks = { get: async () => mark } as never;
  cache = new MemoryCache({ maxBytes: 1e6, maxObjectBytes: 1e5, ttlMs: 60_000 });
  const room = new SpoolRoom({ dir: scratch('spool'), memoryBytes: 1e6, memoryObjectBytes: 1e6, diskBytes: 1e6 });
  const bodies = new Bodies({ room, cache, marks, now: Date.now, readAheadBytes: 1000 });
  const above = async () =>
    bucket === 'missing' ? { kind: bucket } : { kind: bucket, trouble: 'timeout' as BucketTrouble };
  sourceReads = new SourceReads({
    sources: [attic, { name: 'basement', open: async () => basement() }],
    bodies,
    wantsWhole: () => true,
    partBytesOf: () => undefined,
    troubled: () => undefined,
  });
  reads = new ReadThrough({
    privatePrefixes: [],
    cache,
    marks,
    bodies,
    bucketReads: new BucketReads({
      bucket: { get: above, head: above },
      bodies,
      pipes: new Pipes({ maxPiped: 2, room }),
      firstByteMs: 1000,
    }),
    bucket: { head: above, forget: () => undefined },
    sourceReads,
    ledger: { status: async () => undefined },
    copies: { request: (_key, body) => body?.release() },
    needed: (source) => needed.push(source),
    sourcesAllowed: () => true,
    now: Date.now,
    bucketTroubled: () => undefined,
    vanished: () => undefined,
  });
});

async function answered(want: typeof get | typeof head): Promise<string> {
  const answer = await reads.find('a.jpg', want, never);
  if (answer.kind !== 'found') return answer.kind;
  if (!want.head) await text(await answer.body.open());
  answer.body.release();
  return answer.tier;
}

test('a reader who is answered from a source needed it, and one who is answered from the cache did not', async () => {
  expect([await answered(get), needed]).toEqual(['basement', ['basement']]);
  await eventually(() => cache.get('a.jpg') !== undefined, { everyMs: 1 });
  expect([await answered(get), needed]).toEqual(['cache', ['basement']]);
});

test('a reader who asks for the facts alone needed it too, and Mastodon, as the owner', async () => {
  expect([await answered(head), needed.splice(0)]).toEqual(['basement', ['basement']]);
  const answer = await reads.findBelow('a.jpg', head, undefined, never);
  expect([answer.kind, needed]).toEqual(['found', ['basement']]);
});

test('whoever could not be answered because a source was not there needed it', async () => {
  basement = () => ({ kind: 'unavailable', trouble: 'not-mounted' });
  expect([await answered(get), needed.splice(0)]).toEqual(['unavailable', ['basement']]);
  basement = () => ({ kind: 'damaged', cause: new Error('EIO') });
  expect([await answered(get), needed]).toEqual(['unavailable', ['basement']]);
});

test('while the bucket is away, the source that answers in its place is needed', async () => {
  bucket = 'unavailable';
  expect([await answered(get), needed]).toEqual(['basement', ['basement']]);
});

test('a key that no source has, one that is hidden, and a copy need no source', async () => {
  basement = () => ({ kind: 'missing' });
  expect(await answered(get)).toBe('absent');
  basement = found;
  mark = { generation: 1, below: 'closed', shown: 'gone' };
  expect(await answered(get)).toBe('absent');
  const body = await sourceReads.forCopy('b.jpg');
  if ('reason' in body) throw new Error(body.reason);
  await body.whole();
  body.release();
  expect(needed).toEqual([]);
});

import { rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { Bucket } from '../../../src/bucket/bucket.ts';
import { MemoryCache } from '../../../src/cache/memory-cache.ts';
import { unmarked } from '../../../src/marks/marks.ts';
import { Bodies } from '../../../src/media/bodies.ts';
import { BucketReads } from '../../../src/media/bucket-reads.ts';
import { Pipes } from '../../../src/media/pipes.ts';
import { SpoolRoom } from '../../../src/media/spool-room.ts';
import { eventually } from '../../support/eventually.ts';
import { scratch } from '../../support/scratch.ts';

const content = Buffer.alloc(50_000, 'x');
const never = new AbortController().signal;

/** A bucket that gives one object, by `bytes`. */
function setUp(bytes: () => Readable, firstByteMs = 1000) {
  let asked = 0;
  const bucket: Bucket = {
    get: async () => {
      asked += 1;
      return { kind: 'found', meta: { size: content.length, mtimeMs: 0, headers: {} }, bytes: bytes() };
    },
    head: () => Promise.reject(new Error('not asked')),
  };
  const dir = scratch('spool');
  const room = new SpoolRoom({ dir, memoryBytes: 1, memoryObjectBytes: 1, diskBytes: 1e6 });
  const cache = new MemoryCache({ maxBytes: 1e6, maxObjectBytes: 1, ttlMs: 1000 });
  const bodies = new Bodies({ room, cache, marks: { get: async () => unmarked }, now: Date.now, readAheadBytes: 0 });
  const reads = new BucketReads({ bucket, bodies, pipes: new Pipes({ maxPiped: 2, room }), firstByteMs });
  const isEmpty = () => eventually(() => expect(room.used).toEqual({ memory: 0, disk: 0 }));
  return { reads, dir, isEmpty, asked: () => asked };
}

test('an object in the bucket is served also when our own disk cannot keep it', async () => {
  const { reads, dir, isEmpty, asked } = setUp(() => Readable.from([content]));
  rmSync(dir, { recursive: true });
  const answer = await reads.read('key', undefined, { barred: false }, never);
  if (answer.kind !== 'alone') throw new Error(answer.kind);
  expect((await buffer(await answer.body.open())).equals(content)).toBe(true);
  answer.body.release();
  expect(asked()).toBe(2);
  await isEmpty();
});

test('a bucket that breaks off before the first byte has not delivered', async () => {
  const broken = () =>
    new Readable({
      read() {
        this.destroy(new Error('reset'));
      },
    });
  const { reads, isEmpty } = setUp(broken);
  expect(await reads.read('key', undefined, { barred: false }, never)).toMatchObject({
    kind: 'unavailable',
    trouble: 'server-error',
  });
  await isEmpty();
});

test('a bucket that is silent after its headers has not delivered', async () => {
  const { reads, isEmpty } = setUp(() => new Readable({ read() {} }), 20);
  expect(await reads.read('key', undefined, { barred: false }, never)).toMatchObject({
    kind: 'unavailable',
    trouble: 'timeout',
  });
  await isEmpty();
});

import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bucket, BucketRead } from '../../../src/bucket/bucket.ts';
import { MemoryCache } from '../../../src/cache/memory-cache.ts';
import { SqliteMarks } from '../../../src/marks/sqlite-marks.ts';
import { Bodies } from '../../../src/media/bodies.ts';
import { BucketReads } from '../../../src/media/bucket-reads.ts';
import { Pipes } from '../../../src/media/pipes.ts';
import { ReadThrough } from '../../../src/media/read-through.ts';
import { SourceReads } from '../../../src/media/source-reads.ts';
import { SpoolRoom } from '../../../src/media/spool-room.ts';
import type { Source } from '../../../src/sources/source.ts';
import { eventually } from '../../support/eventually.ts';
import { scratch } from '../../support/scratch.ts';
import { settle, Tap } from './fake-origin.ts';

const key = 'media_attachments/files/1/original/a.jpg';
const old = 'what it was before';
const never = new AbortController().signal;

/** What a tier is asked and gives, by hand: first that it has it, then the bytes. */
class Tier {
  asked = 0;
  readonly #answered = Promise.withResolvers<void>();
  readonly tap: Readable = new Tap();

  /** Resolves when the test says so. */
  async answer(): Promise<void> {
    this.asked += 1;
    await this.#answered.promise;
  }

  answers(): void {
    this.#answered.resolve();
  }

  gives(content: string): void {
    (this.tap as Tap).give(Buffer.from(content));
  }

  ends(): void {
    (this.tap as Tap).end();
  }
}

let marks: SqliteMarks;
let cache: MemoryCache;
let room: SpoolRoom;
let reads: ReadThrough;
let tier: Tier;

beforeEach(() => {
  marks = new SqliteMarks(join(scratch('state'), 'marks.db'));
  cache = new MemoryCache({ maxBytes: 1e6, maxObjectBytes: 1e5, ttlMs: 60_000 });
  room = new SpoolRoom({ dir: scratch('spool'), memoryBytes: 1e6, memoryObjectBytes: 1e6, diskBytes: 1e6 });
  tier = new Tier();
});
afterEach(() => marks.close());

/** A key of which only this tier knows. */
function begin(from: 'bucket' | 'source'): void {
  const meta = { size: old.length, mtimeMs: 0, headers: {} };
  const bucket: Bucket = {
    get: async (): Promise<BucketRead> => {
      if (from === 'source') return { kind: 'missing' };
      await tier.answer();
      return { kind: 'found', meta, bytes: tier.tap };
    },
    head: () => Promise.reject(new Error('not asked')),
  };
  const source: Source = {
    name: 'basement',
    open: async () => {
      await tier.answer();
      const object = { meta, mtime: '0', private: false, read: () => tier.tap, unchanged: async () => true };
      return { kind: 'found', object: { ...object, close: () => undefined } };
    },
  };
  const bodies = new Bodies({ room, cache, marks, now: Date.now, readAheadBytes: 1000 });
  reads = new ReadThrough({
    privatePrefixes: [],
    cache,
    marks,
    bodies,
    bucketReads: new BucketReads({ bucket, bodies, pipes: new Pipes({ maxPiped: 2, room }), firstByteMs: 1000 }),
    bucket: { head: bucket.head, forget: () => undefined },
    sourceReads: new SourceReads({
      sources: [source],
      bodies,
      wantsWhole: () => true,
      partBytesOf: () => undefined,
      troubled: () => undefined,
    }),
    ledger: { status: async () => undefined },
    copies: { request: (_key, body) => body?.release() },
    sourcesAllowed: () => true,
    now: Date.now,
    bucketTroubled: () => undefined,
    vanished: () => undefined,
  });
}

/** A reader: what it got, once it got everything. */
async function read(): Promise<string> {
  const answer = await reads.find(key, { head: false, hint: undefined }, never);
  if (answer.kind !== 'found') return answer.kind;
  const got = await text(await answer.body.open());
  answer.body.release();
  return got;
}

const steps = ['asked', 'answered', 'in the middle of its bytes'] as const;

/** A read by which the mark is read and the tier asked; `change` comes when it has come so far. */
async function reading(step: (typeof steps)[number], change: () => unknown): Promise<string> {
  const got = read();
  await eventually(() => tier.asked === 1, { everyMs: 1 });
  if (step === 'asked') await change();
  tier.answers();
  await settle();
  if (step === 'answered') await change();
  tier.gives(old.slice(0, 5));
  await settle();
  if (step === 'in the middle of its bytes') await change();
  tier.gives(old.slice(5));
  tier.ends();
  const answer = await got;
  await eventually(() => room.used.memory + room.used.disk === 0, { everyMs: 1 });
  return answer;
}

describe.each(['bucket', 'source'] as const)('a read from the %s', (from) => {
  beforeEach(() => begin(from));

  test('fills the cache', async () => {
    expect(await reading('asked', () => undefined)).toBe(old);
    expect(cache.get(key)?.bytes.toString()).toBe(old);
  });

  test.each(steps)('that had been %s when the key was purged ends, and fills no cache', async (step) => {
    expect(await reading(step, () => reads.purge(key))).toBe(old);
    expect(cache.get(key)).toBeUndefined();
  });

  test.each(steps)('that had been %s when another key was purged fills the cache', async (step) => {
    await reading(step, () => reads.purge('other'));
    expect(cache.get(key)).toBeDefined();
  });

  test.each(steps)('that had been %s when the key was purged is joined by nobody who comes later', async (step) => {
    let later: Promise<string> | undefined;
    await reading(step, async () => {
      reads.purge(key);
      const gone = { below: 'closed', shown: 'gone' } as const;
      await marks.update([key], ({ mark }) => ({ mark: { ...mark, ...gone, generation: 1 }, intents: [] }), 0);
      later = read();
    });
    expect(await later).toBe('absent');
  });

  test.each(steps)('that had been %s when the key was replaced is not what later readers get', async (step) => {
    const [before, after] = [tier, new Tier()];
    let later: Promise<string> | undefined;
    await reading(step, async () => {
      reads.purge(key);
      tier = after;
      later = read();
      await eventually(() => after.asked === 1, { everyMs: 1 });
      after.answers();
      after.gives(old.toUpperCase());
      after.ends();
      expect(await later).toBe(old.toUpperCase());
      tier = before;
    });
    expect(cache.get(key)?.bytes.toString()).toBe(old.toUpperCase());
  });
});

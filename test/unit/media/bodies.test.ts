import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryCache } from '../../../src/cache/memory-cache.ts';
import { type Mark, unmarked } from '../../../src/marks/marks.ts';
import { Bodies } from '../../../src/media/bodies.ts';
import type { SharedBody } from '../../../src/media/shared-body.ts';
import { SpoolRoom } from '../../../src/media/spool-room.ts';
import { eventually } from '../../support/eventually.ts';
import { scratch } from '../../support/scratch.ts';
import { bytesAndError, FakeOrigin, md5Of, pattern, settle } from './fake-origin.ts';

const limits = { memoryBytes: 100_000, memoryObjectBytes: 50_000, diskBytes: 200_000 };

/** Begun, and open to be joined. */
function shared(bodies: Bodies, origin: FakeOrigin, ticket = { barred: false }, key = 'key'): SharedBody {
  const body = bodies.begin(key, origin, ticket) ?? expect.fail('no room');
  bodies.share(body);
  return body;
}

interface SetUp extends Partial<typeof limits> {
  readonly maxObjectBytes?: number;
  readonly shown?: Mark['shown'];
}

function setUp({ maxObjectBytes = 10_000, shown = 'unset', ...change }: SetUp = {}) {
  const dir = scratch('spool');
  const room = new SpoolRoom({ ...limits, ...change, dir });
  const cache = new MemoryCache({ maxBytes: 1_000_000, maxObjectBytes, ttlMs: 60_000 });
  const marks = { get: async () => ({ ...unmarked, shown }) };
  const bodies = new Bodies({ room, cache, marks, now: () => 1234, readAheadBytes: 1000 });
  const isEmpty = async () => {
    await eventually(() => room.used.memory + room.used.disk === 0, { withinMs: 2000, everyMs: 1 });
    expect(room.used).toEqual({ memory: 0, disk: 0 });
    expect(readdirSync(dir)).toEqual([]);
  };
  return { room, cache, bodies, isEmpty };
}

describe('a fetch that others may join', () => {
  test('is found while somebody holds it, and not after', async () => {
    const { bodies, isEmpty } = setUp();
    const origin = new FakeOrigin(pattern(20_000));
    const body = shared(bodies, origin);
    const held = body.hold();
    expect(bodies.find('key')).toBe(body);
    expect(bodies.find('other')).toBeUndefined();
    held.release();
    expect(bodies.find('key')).toBeUndefined();
    await isEmpty();
  });

  test('is kept in the cache when it is whole, with its entity tag and the time', async () => {
    const { bodies, cache, isEmpty } = setUp();
    const origin = new FakeOrigin(pattern(5000));
    shared(bodies, origin).hold().release();
    origin.giveFrom();
    await isEmpty();
    expect(cache.get('key')).toMatchObject({ storedAtMs: 1234, meta: { etag: `"${md5Of(origin.content)}"` } });
    expect(cache.get('key')?.bytes.equals(origin.content)).toBe(true);
  });

  test.each(['private', 'gone'] as const)(
    'is not kept while its key is marked %s: whoever reads it is the owner, or a copy',
    async (shown) => {
      const { bodies, cache, isEmpty } = setUp({ shown });
      const origin = new FakeOrigin(pattern(5000));
      shared(bodies, origin).hold().release();
      origin.giveFrom();
      await isEmpty();
      expect(cache.get('key')).toBeUndefined();
    },
  );

  test('is not kept after a purge, even if another took its place, or nobody ever could join it', async () => {
    const { bodies, cache, isEmpty } = setUp();
    const [displaced, unshared, open] = [1, 2, 3].map(() => new FakeOrigin(pattern(5000))) as [
      FakeOrigin,
      FakeOrigin,
      FakeOrigin,
    ];
    const bodiesOfKey = [
      shared(bodies, displaced),
      bodies.begin('key', unshared, { barred: false }),
      shared(bodies, open, { barred: false }),
    ];
    const held = bodiesOfKey.map((body) => body?.hold());
    bodies.purge('key');
    for (const origin of [displaced, unshared, open]) origin.giveFrom();
    for (const body of held) body?.release();
    await isEmpty();
    expect(cache.get('key')).toBeUndefined();
  });

  test('is not kept when it is too large for the cache, nor filled for nobody', async () => {
    const { bodies, cache, isEmpty } = setUp();
    const origin = new FakeOrigin(pattern(10_001));
    shared(bodies, origin).hold().release();
    expect(origin.tap.destroyed).toBe(true);
    await isEmpty();
    expect(cache.get('key')).toBeUndefined();
  });

  test('is not kept when it is private', async () => {
    const { bodies, cache } = setUp();
    const origin = new FakeOrigin(pattern(100));
    Object.assign(origin, { fromSource: { mtime: '1', private: true } });
    const copy = shared(bodies, origin).holdForCopy();
    origin.giveFrom();
    await copy.whole();
    expect(cache.get('key')).toBeUndefined();
    copy.release();
  });

  test('is not kept when it broke', async () => {
    const { bodies, cache, isEmpty } = setUp();
    const origin = new FakeOrigin(pattern(100));
    const held = shared(bodies, origin).hold();
    const reading = bytesAndError(await held.open());
    origin.give(0, 50);
    origin.tap.destroy(new Error('EIO'));
    expect((await reading).error).toBeDefined();
    expect(bodies.find('key')).toBeUndefined();
    held.release();
    await isEmpty();
    expect(cache.get('key')).toBeUndefined();
  });

  test('is not begun when there is no room, and its origin stays untouched', () => {
    const { bodies, room } = setUp({ diskBytes: 0 });
    const origin = new FakeOrigin(pattern(60_000));
    expect(bodies.begin('key', origin, { barred: false })).toBeUndefined();
    expect(origin.closed).toBe(0);
    expect(origin.tap.destroyed).toBe(false);
    expect(room.used).toEqual({ memory: 0, disk: 0 });
  });

  test('that breaks does not take away a newer one of the same key', async () => {
    const { bodies } = setUp();
    const [old, fresh] = [new FakeOrigin(pattern(20_000)), new FakeOrigin(pattern(20_000))];
    const oldHeld = shared(bodies, old).hold();
    const newer = shared(bodies, fresh);
    const newHeld = newer.hold();
    old.tap.destroy(new Error('EIO'));
    await settle();
    oldHeld.release();
    expect(bodies.find('key')).toBe(newer);
    newHeld.release();
  });
});

describe('a purge', () => {
  test('drops what is cached', async () => {
    const { bodies, cache } = setUp();
    cache.set('key', { meta: { size: 1, mtimeMs: 0, headers: {} }, bytes: Buffer.from('x'), storedAtMs: 0 });
    bodies.purge('key');
    expect(cache.get('key')).toBeUndefined();
  });

  test('lets nobody join what was under way, and keeps nothing of it', async () => {
    const { bodies, cache, isEmpty } = setUp();
    const origin = new FakeOrigin(pattern(5000));
    const held = shared(bodies, origin).hold();
    const reading = held.open().then(buffer);
    origin.give(0, 2000);
    await settle();
    bodies.purge('key');
    expect(bodies.find('key')).toBeUndefined();
    origin.giveFrom(2001);
    expect((await reading).equals(origin.content)).toBe(true); // who began before the change may end
    held.release();
    await isEmpty();
    expect(cache.get('key')).toBeUndefined();
  });

  test('bars also a fetch that was sent before it and answered after it', async () => {
    const { bodies, cache, isEmpty } = setUp();
    const origin = new FakeOrigin(pattern(5000));
    const answered = Promise.withResolvers<void>();
    const fetching = bodies.fetching('key', async (ticket) => {
      await answered.promise;
      return shared(bodies, origin, ticket).hold();
    });
    bodies.purge('key');
    answered.resolve();
    const held = await fetching;
    expect(bodies.find('key')).toBeUndefined();
    const reading = held.open().then(buffer);
    origin.giveFrom();
    await reading;
    held.release();
    await isEmpty();
    expect(cache.get('key')).toBeUndefined();
  });

  test('bars neither a fetch of another key nor one that begins after it', async () => {
    const { bodies } = setUp();
    const answered = Promise.withResolvers<void>();
    const other = bodies.fetching('other', async (ticket) => {
      await answered.promise;
      return ticket.barred;
    });
    bodies.purge('key');
    answered.resolve();
    expect(await other).toBe(false);
    expect(await bodies.fetching('key', async (ticket) => ticket.barred)).toBe(false);
  });

  test('bars every one of several fetches of a key', async () => {
    const { bodies } = setUp();
    const answered = Promise.withResolvers<void>();
    const fetch = () =>
      bodies.fetching('key', async (ticket) => {
        await answered.promise;
        return ticket.barred;
      });
    const before = [fetch(), fetch()];
    bodies.purge('key');
    const after = fetch();
    answered.resolve();
    expect(await Promise.all([...before, after])).toEqual([true, true, false]);
  });

  test('bars a later purge as well, after a fetch of the same key failed', async () => {
    const { bodies } = setUp();
    const answered = Promise.withResolvers<void>();
    const failing = bodies.fetching('key', () => Promise.reject(new Error('gone')));
    const waiting = bodies.fetching('key', async (ticket) => {
      await answered.promise;
      return ticket.barred;
    });
    await expect(failing).rejects.toThrow('gone');
    bodies.purge('key');
    answered.resolve();
    expect(await waiting).toBe(true);
  });

  test('between the last byte and the cache keeps the cache clean', async () => {
    const { bodies, cache, isEmpty } = setUp({ memoryBytes: 0 }); // a file: reading it back takes a moment
    const origin = new FakeOrigin(pattern(5000));
    const body = shared(bodies, origin);
    const held = body.hold();
    origin.giveFrom();
    while (body.meta.etag === undefined) await settle(1);
    bodies.purge('key');
    held.release();
    await isEmpty();
    expect(cache.get('key')).toBeUndefined();
  });

  test('leaves nothing filling that nobody reads any more', async () => {
    const { bodies, isEmpty } = setUp();
    const origin = new FakeOrigin(pattern(5000));
    const held = shared(bodies, origin).hold();
    bodies.purge('key');
    held.release();
    expect(origin.tap.destroyed).toBe(true);
    await isEmpty();
  });
});

test('under any load the room is never overdrawn, every reader gets exact bytes or an error, and all is given back', async () => {
  const read = fc.record({
    key: fc.nat(4),
    size: fc.integer({ min: 0, max: 90_000 }),
    chunk: fc.integer({ min: 500, max: 40_000 }),
    leaves: fc.boolean(),
    fails: fc.boolean(),
    purges: fc.boolean(),
    delay: fc.nat(6),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(read, { minLength: 1, maxLength: 15 }), async (reads) => {
      const { bodies, room, cache, isEmpty } = setUp({ maxObjectBytes: 30_000 });
      const sizes = new Map<string, number>();
      const wrong: string[] = [];
      const check = () => {
        const { memory, disk } = room.used;
        if (memory > limits.memoryBytes || disk > limits.diskBytes || memory < 0 || disk < 0) wrong.push('room');
      };
      await Promise.all(
        reads.map(async ({ key: n, size, chunk, leaves, fails, purges, delay }) => {
          await settle(delay);
          const key = `k${n}`;
          const seen = bodies.find(key);
          const length = seen?.meta.size ?? size;
          const content = pattern(length);
          const stream = Readable.from(
            (async function* () {
              for (let at = 0; at < length; at += chunk) {
                await settle(1);
                if (fails && at > length / 2) throw new Error('EIO');
                yield content.subarray(at, at + chunk);
              }
            })(),
          );
          const body = seen ?? bodies.begin(key, new FakeOrigin(content, stream), { barred: false });
          check();
          if (!body) return;
          if (!seen) bodies.share(body);
          sizes.set(key, length);
          const held = body.hold();
          const bytes = await held.open();
          if (purges) bodies.purge(key);
          if (leaves) {
            await settle(1);
            bytes.on('error', () => undefined).destroy();
          } else {
            const got = await bytesAndError(bytes);
            if (got.error === undefined && !got.bytes.equals(content)) wrong.push('bytes');
            if (!got.bytes.equals(content.subarray(0, got.bytes.length))) wrong.push('mixed');
          }
          held.release();
          check();
        }),
      );
      await isEmpty();
      for (const key of sizes.keys()) {
        const kept = cache.get(key);
        if (kept && !kept.bytes.equals(pattern(kept.meta.size))) wrong.push('cache');
      }
      expect(wrong).toEqual([]);
    }),
    { numRuns: 15 },
  );
});

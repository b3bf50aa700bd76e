import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { MemoryCache } from '../../../src/cache/memory-cache.ts';
import { unmarked } from '../../../src/marks/marks.ts';
import { Bodies } from '../../../src/media/bodies.ts';
import { SpoolRoom } from '../../../src/media/spool-room.ts';
import { scratch } from '../../support/scratch.ts';
import { FakeOrigin, pattern } from './fake-origin.ts';

class UnreadOrigin extends FakeOrigin {
  hurried = 0;
  readonly unread = {
    hurry: () => {
      this.hurried += 1;
    },
  };
}

function setUp() {
  const dir = scratch('spool');
  const room = new SpoolRoom({ dir, memoryBytes: 100_000, memoryObjectBytes: 50_000, diskBytes: 200_000 });
  const cache = new MemoryCache({ maxBytes: 1_000_000, maxObjectBytes: 10_000, ttlMs: 60_000 });
  const bodies = new Bodies({ room, cache, marks: { get: async () => unmarked }, now: () => 1, readAheadBytes: 1000 });
  const origin = new UnreadOrigin(pattern(5000));
  const body = bodies.begin('key', origin, { barred: false }) ?? expect.fail('no room');
  bodies.share(body);
  return { cache, body, origin };
}

describe('what is fetched for a copy that nobody asked for', () => {
  test('is not kept in the cache, which is for what is read', async () => {
    const { cache, body, origin } = setUp();
    const copy = body.holdForCopy();
    origin.giveFrom();
    await copy.whole();
    expect([cache.get('key'), origin.hurried, body.unread]).toEqual([undefined, 0, true]);
    copy.release();
    expect(origin.closed).toBe(1);
  });

  test('is hurried and kept once somebody reads it while it comes in', async () => {
    const { cache, body, origin } = setUp();
    const copy = body.holdForCopy();
    const reader = body.hold();
    expect([origin.hurried, body.unread]).toEqual([1, false]);
    const read = buffer(await reader.open());
    origin.giveFrom();
    expect((await read).equals(origin.content)).toBe(true);
    await copy.whole();
    expect(cache.get('key')).toBeDefined();
    body.hold().release();
    expect(origin.hurried).toBe(1);
    reader.release();
    copy.release();
  });

  test('is read by whoever comes when it is whole, and still not kept', async () => {
    const { cache, body, origin } = setUp();
    const copy = body.holdForCopy();
    origin.giveFrom();
    await copy.whole();
    const reader = body.hold();
    expect((await buffer(await reader.open())).equals(origin.content)).toBe(true);
    expect([cache.get('key'), body.unread]).toEqual([undefined, true]);
    reader.release();
    copy.release();
  });
});

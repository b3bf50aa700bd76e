import { readdirSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { SharedBody } from '../../../src/media/shared-body.ts';
import { SpoolRoom } from '../../../src/media/spool-room.ts';
import { eventually } from '../../support/eventually.ts';
import { scratch } from '../../support/scratch.ts';
import { bytesAndError, FakeOrigin, md5Of, pattern, settle } from './fake-origin.ts';

const inMemory = 1_000_000;

function setUp({ size = 1000, memory = inMemory, keepFilling = false, readAheadBytes = 100 } = {}) {
  const dir = scratch('spool');
  const room = new SpoolRoom({ dir, memoryBytes: memory, memoryObjectBytes: memory, diskBytes: 10_000_000 });
  const origin = new FakeOrigin(pattern(size));
  const events: string[] = [];
  const body = new SharedBody(
    'key',
    origin,
    room.reserve(size)!,
    { readAheadBytes, keepFilling, ticket: { barred: false } },
    {
      filled: async () => void events.push('filled'),
      gone: () => void events.push('gone'),
    },
  );
  const usedNow = () => room.used.memory + room.used.disk;
  const letGo = async () => {
    await eventually(() => usedNow() === 0, { everyMs: 1 });
    expect(room.used).toEqual({ memory: 0, disk: 0 });
    expect(readdirSync(dir)).toEqual([]);
  };
  return { dir, room, origin, events, body, letGo };
}

describe.each([
  ['in memory', inMemory],
  ['in a file', 0],
])('a body %s', (_where, memory) => {
  test('gives every holder all bytes from one read of the origin', async () => {
    const { body, origin, letGo } = setUp({ memory });
    const holders = [body.hold(), body.hold(), body.hold()];
    const reads = Promise.all(holders.map(async (held) => await buffer(await held.open())));
    origin.give(0, 499);
    await settle();
    origin.giveFrom(500);
    for (const bytes of await reads) expect(bytes.equals(origin.content)).toBe(true);
    for (const held of holders) held.release();
    await letGo();
    expect(origin.closed).toBe(1);
  });

  test('goes away in the middle when its last holder lets go and nobody else wants it', async () => {
    const { body, origin, events, letGo } = setUp({ memory });
    const [a, b] = [body.hold(), body.hold()];
    origin.give(0, 499);
    await settle();
    a.release();
    a.release();
    expect(origin.tap.destroyed).toBe(false);
    b.release();
    expect(origin.tap.destroyed).toBe(true);
    expect(origin.closed).toBe(1);
    expect(events).toContain('gone');
    await letGo();
    expect(events).not.toContain('filled');
  });

  test('is filled to its end without holders when the cache wants it', async () => {
    const { body, origin, events, letGo } = setUp({ memory, keepFilling: true });
    body.hold().release();
    origin.give(0, 499);
    await settle();
    expect(origin.tap.destroyed).toBe(false);
    origin.giveFrom(500);
    await letGo();
    expect(events).toEqual(['filled', 'gone']);
    expect(origin.closed).toBe(1);
  });

  test('lets a stream go on whose holder let go, and frees its room after it', async () => {
    const { body, origin, room, letGo } = setUp({ memory });
    const held = body.hold();
    const copy = body.holdForCopy();
    origin.giveFrom();
    await copy.whole();
    const stream = await held.open();
    held.release();
    copy.release();
    await settle();
    expect(room.used).not.toEqual({ memory: 0, disk: 0 });
    expect(origin.content.equals(await buffer(stream))).toBe(true);
    await letGo();
  });

  test('breaks all its readers when the origin breaks, and is joined by nobody after', async () => {
    const { body, origin, events, letGo } = setUp({ memory });
    const [a, b] = [body.hold(), body.hold()];
    const reads = Promise.all([bytesAndError(await a.open()), bytesAndError(await b.open())]);
    origin.give(0, 499);
    await settle();
    origin.tap.destroy(new Error('EIO'));
    for (const { bytes, error } of await reads) {
      expect(error).toMatchObject({ message: 'EIO' });
      expect(bytes.equals(origin.content.subarray(0, bytes.length))).toBe(true);
    }
    expect(body.barred).toBe(true);
    expect(events).toContain('gone');
    a.release();
    b.release();
    await letGo();
  });

  test('tells a copy that it was changed under it', async () => {
    const { body, origin, letGo } = setUp({ memory });
    const copy = body.holdForCopy();
    const changed = new Error('changed');
    origin.verify = () => Promise.reject(changed);
    origin.giveFrom();
    await expect(copy.whole()).rejects.toBe(changed);
    copy.release();
    await letGo();
  });

  test('of nothing at all is served, verified and let go', async () => {
    const { body, origin, events, letGo } = setUp({ memory, size: 0 });
    const held = body.hold();
    const copy = body.holdForCopy();
    const stream = await held.open();
    origin.giveFrom();
    expect((await buffer(stream)).length).toBe(0);
    expect(await copy.whole()).toEqual({ md5: md5Of(Buffer.alloc(0)) });
    expect(origin.verified).toBe(1);
    expect(events).toEqual(['filled']);
    held.release();
    copy.release();
    await letGo();
  });
});

describe('a body', () => {
  test('has no entity tag until its bytes are known, and then their MD5', async () => {
    const { body, origin } = setUp();
    const held = body.hold();
    expect(held.meta.etag).toBeUndefined();
    origin.giveFrom();
    await buffer(await held.open());
    await body.holdForCopy().whole();
    expect(held.meta.etag).toBe(`"${md5Of(origin.content)}"`);
  });

  test('tells a copy the MD5 of what was read, where it is from and whether it is private', async () => {
    const { body, origin } = setUp();
    const copy = body.holdForCopy();
    origin.giveFrom();
    expect(await copy.whole()).toEqual({ md5: md5Of(origin.content) });
    expect(copy).toMatchObject({ source: 'basement', mtime: '1614834367.5', private: false });
    expect(copy.bytes?.equals(origin.content)).toBe(true);
  });

  test('has no bytes in hand before it is whole', async () => {
    const { body, origin } = setUp();
    const held = body.hold();
    origin.give(0, 998);
    await settle();
    expect(held.bytes).toBeUndefined();
    origin.giveFrom(999);
    await body.holdForCopy().whole();
    expect(held.bytes?.equals(origin.content)).toBe(true);
  });

  test('opens a read of its own for a range far beyond what came in', async () => {
    const { body, origin } = setUp({ readAheadBytes: 100 });
    const held = body.hold();
    origin.give(0, 199);
    await settle();
    const far = await buffer(await held.open({ first: 301, last: 400 }));
    expect(far.equals(origin.content.subarray(301, 401))).toBe(true);
    expect(origin.farReads).toEqual([{ first: 301, last: 400 }]);
  });

  test('waits for a range that is near what came in', async () => {
    const { body, origin } = setUp({ readAheadBytes: 100 });
    const held = body.hold();
    origin.give(0, 199);
    await settle();
    const near = held.open({ first: 300, last: 999 }).then(buffer);
    await settle();
    origin.giveFrom(200);
    expect((await near).equals(origin.content.subarray(300))).toBe(true);
    expect(origin.farReads).toEqual([]);
  });

  test('opens no read of its own once it is whole', async () => {
    const { body, origin } = setUp({ readAheadBytes: 0 });
    const held = body.hold();
    origin.giveFrom();
    await body.holdForCopy().whole();
    await buffer(await held.open({ first: 999, last: 999 }));
    expect(origin.farReads).toEqual([]);
  });

  test('of the bucket is no source for a copy', () => {
    const { origin, room } = setUp();
    const { fromSource: _, ...above } = { ...origin, tier: 'bucket', bytes: () => origin.tap, close: () => undefined };
    const body = new SharedBody(
      'key',
      { ...above, verify: async () => undefined, openFar: (range) => origin.openFar(range) },
      room.reserve(1000)!,
      { readAheadBytes: 0, keepFilling: false, ticket: { barred: false } },
      { filled: async () => undefined, gone: () => undefined },
    );
    expect(() => body.holdForCopy()).toThrow('bucket');
  });
});

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Spool } from '../../../src/media/spool.ts';
import { FileStorage, MemoryStorage, type SpoolStorage } from '../../../src/media/spool-storage.ts';
import { scratch } from '../../support/scratch.ts';
import { bytesAndError, md5Of, pattern, settle, Tap } from './fake-origin.ts';

const whole = (size: number) => ({ first: 0, last: size - 1 });
const fine = async () => undefined;

function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

const dir = scratch('spool');
let files = 0;
const storages: [string, (size: number, freed?: () => void) => SpoolStorage][] = [
  ['in memory', (size, freed = () => undefined) => new MemoryStorage(size, freed)],
  [
    'in a file',
    (_size, freed = () => undefined) => new FileStorage(join(dir, `${++files}.spool`), freed, () => undefined),
  ],
];

describe.each(storages)('a spool %s', (_where, storage) => {
  test('gives every reader its exact bytes, however the source is cut up and however they are timed', async () => {
    const ranges = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(5)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200_000 }),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 6 }),
        ranges,
        async (size, sizes, wishes) => {
          const bytes = pattern(size);
          const spool = new Spool(storage(size), size);
          async function* slowly() {
            for (const piece of pieces(bytes, sizes)) {
              await settle(piece.length % 3);
              yield piece;
            }
          }
          const filling = spool.fill(Readable.from(slowly()), fine);
          const reads = wishes.map(async ([a, b, delay]) => {
            await settle(delay);
            const [first, last] = [a % size, b % size].sort((x, y) => x - y) as [number, number];
            return bytes.subarray(first, last + 1).equals(await buffer(spool.read({ first, last })));
          });
          const right = await Promise.all(reads);
          expect(await filling).toEqual({ md5: md5Of(bytes) });
          spool.close();
          return right.every(Boolean);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('lets readers have what is there while the rest is still to come', async () => {
    const spool = new Spool(storage(10), 10);
    const tap = new Tap();
    const filling = spool.fill(tap, fine);
    const reader = spool.read(whole(10));
    tap.give(Buffer.from('hello'));
    const first = await new Promise((resolve) => reader.once('data', resolve));
    expect(String(first)).toBe('hello');
    tap.give(Buffer.from('world'));
    tap.end();
    expect((await buffer(reader)).toString()).toBe('world');
    await filling;
    spool.close();
  });

  test('breaks a reader when the source fails in the middle, after the bytes that came', async () => {
    const spool = new Spool(storage(100), 100);
    const tap = new Tap();
    const filling = spool.fill(tap, fine);
    const reading = bytesAndError(spool.read(whole(100)));
    tap.give(pattern(40));
    await settle();
    const broken = new Error('EIO');
    tap.destroy(broken);
    await expect(filling).rejects.toBe(broken);
    const read = await reading;
    expect(read.error).toBe(broken);
    expect(read.bytes.equals(pattern(40))).toBe(true);
    spool.close();
  });

  test('still gives a range that came in before the source failed', async () => {
    const spool = new Spool(storage(100), 100);
    const tap = new Tap();
    const filling = spool.fill(tap, fine);
    tap.give(pattern(40));
    await settle();
    while (spool.filled < 40) await settle(1);
    tap.destroy(new Error('EIO'));
    await expect(filling).rejects.toThrow('EIO');
    expect(pattern(40).equals(await buffer(spool.read(whole(40))))).toBe(true);
    expect((await bytesAndError(spool.read(whole(41)))).error).toMatchObject({ message: 'EIO' });
    spool.close();
  });

  test.each([
    ['ends too early', 99],
    ['goes on too long', 101],
  ])('breaks its readers when the source %s', async (_what, given) => {
    const spool = new Spool(storage(100), 100);
    const reading = bytesAndError(spool.read(whole(100)));
    const filling = spool.fill(Readable.from([pattern(given)]), fine);
    await expect(filling).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
    expect((await reading).error).toMatchObject({ code: 'LENGTH_MISMATCH' });
    expect(spool.whole).toBe(false);
    spool.close();
  });

  test('keeps the last bytes back until the source is verified', async () => {
    const spool = new Spool(storage(100), 100);
    const verified = Promise.withResolvers<void>();
    const filling = spool.fill(Readable.from([pattern(60), pattern(100).subarray(60)]), () => verified.promise);
    const reader = spool.read(whole(100));
    let got = 0;
    reader.on('data', (chunk: Buffer) => {
      got += chunk.length;
    });
    while (got < 60) await settle(1);
    await settle();
    expect(got).toBe(60);
    expect(spool.whole).toBe(false);
    verified.resolve();
    await filling;
    while (got < 100) await settle(1);
    spool.close();
  });

  test('breaks its readers before the last byte when the source turns out to be changed', async () => {
    const spool = new Spool(storage(100), 100);
    const reading = bytesAndError(spool.read(whole(100)));
    const changed = new Error('changed');
    await expect(spool.fill(Readable.from([pattern(100)]), () => Promise.reject(changed))).rejects.toBe(changed);
    const read = await reading;
    expect(read.error).toBe(changed);
    expect(read.bytes.length).toBeLessThan(100);
    spool.close();
  });

  test('is filled at the pace of the source, whatever its readers do', async () => {
    const size = 1_000_000;
    const spool = new Spool(storage(size), size);
    const stopped = spool.read(whole(size));
    await spool.fill(Readable.from(pieces(pattern(size), [65_536])), fine);
    expect(pattern(size).equals(await buffer(spool.read(whole(size))))).toBe(true);
    expect(pattern(size).equals(await buffer(stopped))).toBe(true);
    spool.close();
  });

  test('goes on for the others when a reader leaves', async () => {
    const spool = new Spool(storage(100), 100);
    const tap = new Tap();
    const filling = spool.fill(tap, fine);
    const leaving = spool.read(whole(100));
    const staying = buffer(spool.read(whole(100)));
    tap.give(pattern(40));
    await settle();
    leaving.on('error', () => undefined).destroy(new Error('left'));
    tap.give(pattern(100).subarray(40));
    tap.end();
    await filling;
    expect(pattern(100).equals(await staying)).toBe(true);
    spool.close();
  });

  test('frees its room once the last reader has closed, and only once', async () => {
    let freed = 0;
    const spool = new Spool(
      storage(100, () => {
        freed += 1;
      }),
      100,
    );
    await spool.fill(Readable.from([pattern(100)]), fine);
    const [a, b] = [spool.read(whole(100)), spool.read(whole(100))];
    spool.close();
    spool.close();
    await buffer(a);
    await settle();
    expect(freed).toBe(0);
    expect(pattern(100).equals(await buffer(b))).toBe(true);
    while (freed === 0) await settle(1);
    await settle();
    expect(freed).toBe(1);
  });

  test('that is given up in the middle breaks who waits, stops taking bytes, and frees its room', async () => {
    let freed = 0;
    const spool = new Spool(
      storage(100, () => {
        freed += 1;
      }),
      100,
    );
    const tap = new Tap();
    const filling = spool.fill(tap, fine);
    tap.give(pattern(40));
    await settle();
    spool.close();
    tap.give(pattern(10));
    await expect(filling).rejects.toMatchObject({ code: 'ABANDONED' });
    while (freed === 0) await settle(1);
    expect(freed).toBe(1);
  });

  test('of an empty object is whole after it was verified', async () => {
    const spool = new Spool(storage(0), 0);
    let verified = 0;
    const digests = await spool.fill(Readable.from([]), async () => {
      verified += 1;
    });
    expect(digests).toEqual({ md5: md5Of(Buffer.alloc(0)) });
    expect(verified).toBe(1);
    expect(spool.whole).toBe(true);
    expect((await buffer(spool.read(whole(0)))).length).toBe(0);
    expect((await spool.buffer()).length).toBe(0);
    spool.close();
  });

  test('gives all its bytes in one buffer once it is whole', async () => {
    const spool = new Spool(storage(1000), 1000);
    await spool.fill(Readable.from(pieces(pattern(1000), [7])), fine);
    expect(pattern(1000).equals(await spool.buffer())).toBe(true);
    spool.close();
  });
});

describe('a spool whose storage fails', () => {
  const storage = (change: Partial<SpoolStorage>): SpoolStorage => {
    const real = new MemoryStorage(100, () => undefined);
    return {
      memory: undefined,
      write: (chunk, offset) => real.write(chunk, offset),
      read: (offset, length) => real.read(offset, length),
      close: () => real.close(),
      ...change,
    };
  };

  test('at writing breaks its readers with an error that names the spool', async () => {
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const spool = new Spool(storage({ write: () => Promise.reject(full) }), 100);
    const reading = bytesAndError(spool.read(whole(100)));
    await expect(spool.fill(Readable.from([pattern(100)]), fine)).rejects.toMatchObject({
      code: 'STORAGE',
      cause: full,
    });
    expect((await reading).error).toMatchObject({ code: 'STORAGE' });
  });

  test('at reading breaks that read', async () => {
    const spool = new Spool(storage({ read: () => Promise.reject(new Error('EIO')) }), 100);
    await spool.fill(Readable.from([pattern(100)]), fine);
    expect((await bytesAndError(spool.read(whole(100)))).error).toMatchObject({ message: 'EIO' });
  });

  test('by being shorter than it was written breaks the read', async () => {
    const spool = new Spool(storage({ read: async () => Buffer.alloc(0) }), 100);
    await spool.fill(Readable.from([pattern(100)]), fine);
    expect((await bytesAndError(spool.read(whole(100)))).error).toMatchObject({ code: 'STORAGE' });
  });

  test('by giving less than was asked for is asked again', async () => {
    const spool = new Spool(storage({ read: async (at, n) => pattern(100).subarray(at, at + Math.min(n, 7)) }), 100);
    await spool.fill(Readable.from([pattern(100)]), fine);
    expect(pattern(100).equals(await buffer(spool.read(whole(100))))).toBe(true);
  });

  test('by giving less than was asked for never passes a part off as the whole', async () => {
    const spool = new Spool(storage({ read: async (at, n) => pattern(100).subarray(at, at + Math.min(n, 7)) }), 100);
    await spool.fill(Readable.from([pattern(100)]), fine);
    const all = await spool.buffer().catch(() => undefined);
    if (all) expect(all.length).toBe(100);
  });
});

describe('a spool file', () => {
  test('is private, and is gone after closing', async () => {
    const own = scratch('spool');
    let freed = 0;
    const file = new FileStorage(
      join(own, 'a.spool'),
      () => {
        freed += 1;
      },
      () => undefined,
    );
    await file.write(Buffer.from('abc'), 0);
    expect(readdirSync(own)).toEqual(['a.spool']);
    await file.close();
    expect(readdirSync(own)).toEqual([]);
    expect(freed).toBe(1);
  });

  test('is never made when nothing was written', async () => {
    const own = scratch('spool');
    await new FileStorage(
      join(own, 'a.spool'),
      () => undefined,
      () => undefined,
    ).close();
    expect(readdirSync(own)).toEqual([]);
  });

  test('gives its room back also when it could not be made', async () => {
    let freed = 0;
    const file = new FileStorage(
      '/nowhere/at/all.spool',
      () => {
        freed += 1;
      },
      () => undefined,
    );
    await expect(file.write(Buffer.from('abc'), 0)).rejects.toMatchObject({ code: 'ENOENT' });
    await file.close();
    expect(freed).toBe(1);
  });

  test('never writes into a file that is there already', async () => {
    const own = scratch('spool');
    const first = new FileStorage(
      join(own, 'a.spool'),
      () => undefined,
      () => undefined,
    );
    await first.write(Buffer.from('abc'), 0);
    await expect(
      new FileStorage(
        join(own, 'a.spool'),
        () => undefined,
        () => undefined,
      ).write(Buffer.from('x'), 0),
    ).rejects.toMatchObject({
      code: 'EEXIST',
    });
    await first.close();
  });
});

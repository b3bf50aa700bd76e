import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ListingWriter } from '../../src/ledger/listing-writer.ts';
import type { ListedObject, Objects } from '../../src/ledger/objects.ts';
import { compareBytes } from '../../src/lib/byte-order.ts';

type Both = Objects & ListingWriter;

/** One inventory's place, where it can be opened again and again. */
export interface ObjectsFixture {
  open(): Promise<Both>;
}

/** What every record of the bucket's objects owes who reads it, and who writes it. */
export function objectsContract(name: string, makeFixture: () => ObjectsFixture): void {
  describe(`${name} as a record of the bucket's objects`, () => {
    let fixture: ObjectsFixture;
    let objects: Both;

    beforeEach(async () => {
      fixture = makeFixture();
      objects = await fixture.open();
    });
    afterEach(() => objects.close());

    const again = async () => {
      await objects.close();
      objects = await fixture.open();
    };
    const all = async (limit = 100) => {
      const found: ListedObject[] = [];
      for (;;) {
        const page = await objects.page(found.at(-1)?.key, limit);
        found.push(...page);
        if (page.length < limit) return found;
      }
    };
    const listWhole = async (held: readonly ListedObject[], nowMs: number) => {
      await objects.begin(nowMs, false);
      for (const { id } of await objects.ranges()) await objects.put(id, { objects: held, upTo: undefined });
      return objects.end(nowMs + 5);
    };
    const one = (key: string, size = 3, etag = md5(1)): ListedObject => ({ key, size, etag });

    test('tells nothing before a listing has ended, and then all of it', async () => {
      await objects.begin(10, false);
      const [range] = await objects.ranges();
      await objects.put(range!.id, { objects: [one('a'), one('b')], upTo: 'b' });
      expect([await all(), await objects.of('a')]).toEqual([[], undefined]);
      expect(await objects.listings()).toEqual({
        last: undefined,
        open: { beganMs: 10, endedMs: undefined, objects: 2, bytes: 6 },
      });
      await again();
      await objects.put(range!.id, { objects: [one('c', 5, `${md5(2)}-3`)], upTo: undefined });
      const listing = { beganMs: 10, endedMs: 20, objects: 3, bytes: 11 };
      expect(await objects.end(20)).toEqual(listing);
      expect(await objects.listings()).toEqual({ last: listing, open: undefined });
      expect(await all()).toEqual([one('a'), one('b'), one('c', 5, `${md5(2)}-3`)]);
      expect(await objects.of('c')).toEqual(one('c', 5, `${md5(2)}-3`));
      expect(await objects.of('d')).toBeUndefined();
    });

    test('gives every ETag back as the store wrote it', async () => {
      const etags = [md5(7), md5(7).toUpperCase(), `${md5(7)}-12`, '', 'of no known form', md5(7).slice(1)];
      const held = etags.map((etag, i) => one(`key ${i}`, i, etag));
      await listWhole(held, 10);
      expect(await all()).toEqual(held);
    });

    test('goes by the older listing until the newer one has ended, whatever that has found so far', async () => {
      const older = [one('a'), one('b'), one('c'), one('d')];
      await listWhole(older, 10);
      await objects.begin(100, false);
      const [range] = await objects.ranges();
      await objects.put(range!.id, { objects: [one('b', 4), one('b2')], upTo: 'c' });
      await again();
      expect(await all()).toEqual(older);
      expect(await objects.listings()).toMatchObject({
        last: { endedMs: 15, objects: 4 },
        open: { beganMs: 100, objects: 2 },
      });
      await objects.put(range!.id, { objects: [one('d')], upTo: undefined });
      expect(await all()).toEqual(older);
      await objects.end(200);
      expect(await all()).toEqual([one('b', 4), one('b2'), one('d')]);
    });

    test('does not end before everything was seen', async () => {
      await expect(objects.end(5)).rejects.toThrow('no listing is open');
      await objects.begin(10, false);
      await expect(objects.end(20)).rejects.toThrow('has not seen everything');
      expect((await objects.listings()).last).toBeUndefined();
    });

    test('forgets what a listing found that was given up, the first one and a later one', async () => {
      await objects.begin(10, false);
      const [first] = await objects.ranges();
      await objects.put(first!.id, { objects: [one('of another bucket')], upTo: 'z' });
      await objects.giveUp();
      await expect(objects.put(first!.id, { objects: [], upTo: undefined })).rejects.toThrow('was given up');
      expect(await objects.listings()).toEqual({ last: undefined, open: undefined });
      await listWhole([one('a')], 20);
      expect(await all()).toEqual([one('a')]);

      await objects.begin(30, false);
      const [second] = await objects.ranges();
      await objects.put(second!.id, { objects: [one('of another bucket')], upTo: 'z' });
      await objects.begin(40, true);
      expect(await objects.listings()).toMatchObject({ last: { beganMs: 20 }, open: { beganMs: 40, objects: 0 } });
      const [third] = await objects.ranges();
      await objects.put(third!.id, { objects: [one('a')], upTo: undefined });
      await objects.end(50);
      expect(await all()).toEqual([one('a')]);
    });

    test('takes out thousands that went between two keys that stayed', async () => {
      const held = Array.from({ length: 3500 }, (_, i) => one(`key/${String(i).padStart(5, '0')}`));
      await listWhole(held, 10);
      const left = [held[0]!, held[3499]!, one('key/99999')];
      const listing = await listWhole(left, 20);
      expect(listing).toMatchObject({ objects: 3, bytes: 9 });
      expect(await all()).toEqual(left);
    });

    test('ranges that are split cover what is left exactly once', async () => {
      await objects.begin(10, false);
      const [whole] = await objects.ranges();
      expect(whole).toMatchObject({ after: '', upTo: undefined });
      await objects.put(whole!.id, { objects: [], upTo: 'c' });
      await objects.split(whole!.id, ['x', 'a', 'c', '\u{1f600}', '\uff5e', 'x', 'm']);
      const edges = async () => (await objects.ranges()).map(({ after, upTo }) => [after, upTo]);
      const split = [
        ['c', 'm'],
        ['m', 'x'],
        ['x', '\uff5e'],
        ['\uff5e', '\u{1f600}'],
        ['\u{1f600}', undefined],
      ];
      expect(await edges()).toEqual(split);
      await again();
      const [, second] = await objects.ranges();
      await objects.split(second!.id, ['a', 'm', 'n', 'x', 'y']);
      expect(await edges()).toEqual([split[0], ['m', 'n'], ['n', 'x'], ...split.slice(2)]);
    });

    test('whatever was there, however it is split, paged and broken off, the last listing is what is told', async () => {
      const key = fc.string({
        unit: fc.constantFrom('a', 'b', '/', 'é', '\uff5e', '\u{1f600}'),
        minLength: 1,
        maxLength: 4,
      });
      const held = fc.dictionary(key, fc.record({ size: fc.nat(9), etag: fc.constantFrom(md5(1), md5(2), 'x-2') }));
      const world = fc.record({
        held,
        pages: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 }),
        cuts: fc.array(key),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(world, { minLength: 1, maxLength: 4 }), async (worlds) => {
          await objects.close();
          fixture = makeFixture();
          objects = await fixture.open();
          let told: ListedObject[] = [];
          for (const { held, pages, cuts } of worlds) {
            const bucket = Object.entries(held)
              .map(([key, facts]) => ({ key, ...facts }))
              .sort((a, b) => compareBytes(a.key, b.key));
            await objects.begin(10, false);
            for (let turn = 0; ; turn++) {
              const ranges = await objects.ranges();
              if (ranges.length === 0) break;
              const range = ranges[turn % ranges.length]!;
              if (turn === 1) await objects.split(range.id, cuts);
              else {
                const left = bucket.filter(
                  ({ key }) =>
                    compareBytes(key, range.after) > 0 &&
                    (range.upTo === undefined || compareBytes(key, range.upTo) <= 0),
                );
                const page = left.slice(0, pages[turn % pages.length]);
                const upTo = page.length < left.length ? page.at(-1)!.key : undefined;
                await objects.put(range.id, { objects: page, upTo });
              }
              expect(await all(3)).toEqual(told);
              if (turn % 3 === 2) await again();
            }
            const listing = await objects.end(20);
            told = bucket;
            expect(listing.objects).toBe(bucket.length);
            expect(listing.bytes).toBe(bucket.reduce((sum, { size }) => sum + size, 0));
            expect(await all(3)).toEqual(told);
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}

function md5(n: number): string {
  return n.toString(16).padStart(32, '0');
}

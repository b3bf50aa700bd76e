import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitPoints } from '../../../src/backfill/split-points.ts';
import { compareBytes } from '../../../src/lib/byte-order.ts';
import { FakeListing } from './fake-listing.ts';
import { object } from './inventory-world.ts';

function bucketOf(keys: readonly string[]) {
  const listing = new FakeListing(keys.map((key) => object(key)));
  const folders = async (prefix: string, after: string) =>
    (await listing.page({ prefix, after, delimiter: '/', limit: 1000 }, new AbortController().signal)).prefixes;
  return { listing, folders };
}

test('a bucket is split at its folders, and a large one does not hide the small ones behind it', async () => {
  const many = Array.from({ length: 500 }, (_, i) => `accounts/avatars/${String(i).padStart(3, '0')}/a.jpg`);
  const { folders, listing } = bucketOf([...many, 'cache/a/b.jpg', 'site_uploads/x.jpg', 'top.jpg']);
  const points = await splitPoints(
    { after: 'accounts/avatars/007/a.jpg', upTo: undefined },
    { wanted: 12, requests: 20, folders },
  );
  expect(points).toEqual(expect.arrayContaining(['cache/', 'site_uploads/']));
  expect(points.length).toBeGreaterThan(4);
  expect(points.length).toBeLessThanOrEqual(12);
  expect(listing.asked.length).toBeLessThanOrEqual(20);
});

test('where there are no folders there is nothing to split at, and little is asked', async () => {
  const { folders, listing } = bucketOf(['a', 'b', 'c']);
  expect(await splitPoints({ after: 'a', upTo: undefined }, { wanted: 12, requests: 20, folders })).toEqual([]);
  expect(listing.asked.length).toBe(1);
});

test('all points lie inside of the range, each once and in order', async () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\uff5e', '\u{1f600}'), minLength: 1, maxLength: 7 });
  await fc.assert(
    fc.asyncProperty(fc.array(key), key, fc.option(key, { nil: undefined }), async (keys, after, upTo) => {
      const points = await splitPoints({ after, upTo }, { wanted: 8, requests: 6, folders: bucketOf(keys).folders });
      expect(points).toEqual([...new Set(points)].sort(compareBytes));
      for (const point of points) {
        expect(compareBytes(point, after)).toBeGreaterThan(0);
        if (upTo !== undefined) expect(compareBytes(point, upTo)).toBeLessThan(0);
      }
    }),
  );
});

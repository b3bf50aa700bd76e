import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ListingError } from '../../../src/bucket/object-listing.ts';
import { storeWords } from '../../../src/bucket/store-words.ts';
import { InventoryWorld, mastodonKeys, object } from './inventory-world.ts';

const slowDown = () => new ListingError('LISTING_SLOW_DOWN', storeWords(503, 'SlowDown', 'media'));

describe('an inventory', () => {
  test('lists every object once, several folders at a time', async () => {
    const world = new InventoryWorld(mastodonKeys(600).map((key) => object(key)));
    const listing = await world.run();
    expect(await world.told()).toEqual(world.listing.all());
    expect(listing).toMatchObject({
      objects: 600,
      bytes: world.listing.all().reduce((sum, { size }) => sum + size, 0),
    });
    expect(world.listing.most).toBe(3);
    // 120 pages are needed; a part costs one more, and looking for folders some.
    expect(world.listing.asked.length).toBeLessThan(240);
  });

  test('of an empty bucket, and of one without folders, comes to its end too', async () => {
    const world = new InventoryWorld([]);
    expect(await world.run()).toMatchObject({ objects: 0, bytes: 0 });
    expect(world.listing.asked.length).toBe(1);
    for (let i = 0; i < 100; i++) world.listing.put(object(`${i}.jpg`));
    expect(await world.run()).toMatchObject({ objects: 100 });
    expect(await world.told()).toEqual(world.listing.all());
    expect(world.listing.asked.length).toBeLessThan(40);
  });

  test('whatever the keys are, wherever it is broken off, sees each exactly once', async () => {
    const unit = fc.constantFrom('a', 'b', '/', ' ', '+', '%', 'é', '\uff5e', '\u{1f600}', '\u{10ffff}');
    const key = fc.string({ unit, minLength: 1, maxLength: 8 });
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 60 }),
        cuts,
        fc.integer({ min: 1, max: 4 }),
        async (keys, cuts, pageSize) => {
          const world = new InventoryWorld(keys.map((key) => object(key)));
          for (const cut of cuts) {
            const begun = world.listing.asked.length;
            world.listing.before = (_, n) => n === begun + cut && world.stop.abort(new Error('stopped'));
            await world.run({ pageSize }).catch((error: Error) => expect(error.message).toBe('stopped'));
            await world.again();
          }
          world.listing.before = () => undefined;
          const listing = await world.run({ pageSize });
          expect(listing.objects).toBe(keys.length);
          expect(await world.told()).toEqual(world.listing.all());
          await world.objects.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('goes on where it was stopped: what was recorded is not listed again', async () => {
    const world = new InventoryWorld(mastodonKeys(600).map((key) => object(key)));
    world.listing.before = (_, n) => n === 60 && world.stop.abort(new Error('stopped'));
    await expect(world.run()).rejects.toThrow('stopped');
    expect(await world.told()).toEqual([]);
    const { open } = await world.objects.listings();
    expect(open?.objects).toBeGreaterThan(50);
    await world.again();
    world.listing.before = () => undefined;
    const begun = world.listing.asked.length;
    expect(await world.run()).toMatchObject({ beganMs: open?.beganMs, objects: 600 });
    expect(world.listing.asked.length - begun).toBeLessThan(180);
    expect(await world.told()).toEqual(world.listing.all());
  });

  test('with fresh begins anew, and does not keep what went since the first try', async () => {
    const world = new InventoryWorld(mastodonKeys(100).map((key) => object(key)));
    world.listing.before = (_, n) => n === 8 && world.stop.abort(new Error('stopped'));
    await expect(world.run()).rejects.toThrow('stopped');
    world.listing.before = () => undefined;
    for (const { key } of world.listing.all().slice(0, 30)) world.listing.remove(key);
    expect(await world.run({ fresh: true })).toMatchObject({ objects: 70 });
    expect(await world.told()).toEqual(world.listing.all());
  });

  test('the next one finds what is new, changed and gone', async () => {
    const world = new InventoryWorld(mastodonKeys(300).map((key) => object(key)));
    await world.run();
    const before = await world.told();
    for (const [i, { key }] of before.entries()) {
      if (i % 5 === 0) world.listing.remove(key);
      if (i % 5 === 1) world.listing.put(object(key, 77));
      if (i % 5 === 2) world.listing.put(object(`${key}.new`));
    }
    expect(await world.run()).toMatchObject({ objects: 300 });
    expect(await world.told()).toEqual(world.listing.all());
  });

  test('an object that comes or goes meanwhile costs no other its place', async () => {
    const world = new InventoryWorld(mastodonKeys(300).map((key) => object(key)));
    const steady = world.listing.all();
    world.listing.before = (_, n) => {
      world.listing.put(object(`cache/new/${n}.jpg`));
      world.listing.remove(`cache/new/${n - 3}.jpg`);
    };
    await world.run();
    const told = new Set((await world.told()).map(({ key }) => key));
    expect(steady.filter(({ key }) => !told.has(key))).toEqual([]);
  });
});

describe('a store in trouble', () => {
  test('is left alone longer and longer, and the listing is whole in the end', async () => {
    const world = new InventoryWorld(mastodonKeys(100).map((key) => object(key)));
    world.listing.before = (_, n) => {
      if (n >= 3 && n <= 6) throw slowDown();
    };
    await world.run({ parallel: 1 });
    expect(world.waits).toEqual([1000, 2000, 4000, 8000]);
    expect(world.troubles.length).toBe(4);
    expect(await world.told()).toEqual(world.listing.all());
  });

  test('is not asked for ever, and what came before the trouble is kept', async () => {
    const world = new InventoryWorld(mastodonKeys(100).map((key) => object(key)));
    world.listing.before = (_, n) => {
      if (n > 5) throw slowDown();
    };
    await expect(world.run({ parallel: 1, retries: 3 })).rejects.toMatchObject({ code: 'LISTING_SLOW_DOWN' });
    expect(world.listing.asked.length).toBe(5 + 4);
    world.listing.before = () => undefined;
    expect(await world.run()).toMatchObject({ objects: 100 });
  });

  test('that refuses the listing is not asked again', async () => {
    const world = new InventoryWorld(mastodonKeys(100).map((key) => object(key)));
    world.listing.before = (_, n) => {
      if (n > 3) throw new ListingError('LISTING_REFUSED', storeWords(403, 'AccessDenied', 'media'));
    };
    await expect(world.run({ parallel: 1 })).rejects.toMatchObject({ code: 'LISTING_REFUSED' });
    expect(world.listing.asked.length).toBe(4);
  });
});

describe('another bucket', () => {
  test.each(['absent', 'other', 'unknown'] as const)(
    'is not even asked for its listing where the identity is %s',
    async (state) => {
      const world = new InventoryWorld([object('a')]);
      world.identity = state;
      await expect(world.run()).rejects.toMatchObject({
        code: state === 'unknown' ? 'INVENTORY_BUCKET_UNKNOWN' : 'INVENTORY_WRONG_BUCKET',
      });
      expect(world.listing.asked).toEqual([]);
      expect(await world.objects.listings()).toEqual({ last: undefined, open: undefined });
    },
  );

  test('that answers from the middle on never becomes the inventory, and the one before stays', async () => {
    const world = new InventoryWorld(mastodonKeys(100).map((key) => object(key)));
    await world.run();
    const before = await world.told();
    const begun = world.listing.asked.length;
    world.listing.before = (_, n) => {
      if (n !== begun + 6) return;
      for (const { key } of before) world.listing.remove(key);
      world.listing.put(object('of another bucket'));
      world.identity = 'absent';
    };
    await expect(world.run()).rejects.toMatchObject({ code: 'INVENTORY_WRONG_BUCKET' });
    expect(await world.told()).toEqual(before);

    // The right one again: the listing goes on, and nothing of the other has come into it.
    world.listing.before = () => undefined;
    world.listing.remove('of another bucket');
    for (const listed of before) world.listing.put(listed);
    world.identity = 'ours';
    await world.again();
    expect(await world.run()).toMatchObject({ objects: 100 });
    expect(await world.told()).toEqual(before);
  });

  test('is noticed before a page of it is recorded: a run that is killed then leaves nothing of it behind', async () => {
    const world = new InventoryWorld(mastodonKeys(100).map((key) => object(key)));
    let recorded = 0;
    world.listing.before = (_, n) => {
      if (n !== 4) return;
      world.identity = 'other';
    };
    const progress = ({ objects }: { objects: number }) => {
      recorded = objects;
    };
    await expect(world.run({ parallel: 1, progress })).rejects.toMatchObject({ code: 'INVENTORY_WRONG_BUCKET' });
    expect(recorded).toBe(15);
    expect(world.listing.asked.length).toBe(4);
  });

  test('is not taken for one because the store does not answer for a while', async () => {
    const world = new InventoryWorld(mastodonKeys(60).map((key) => object(key)));
    world.listing.before = (_, n) => {
      world.identity = n === 4 ? 'unknown' : 'ours';
    };
    expect(await world.run({ parallel: 1 })).toMatchObject({ objects: 60 });
    expect(world.waits).toEqual([1000]);
  });
});

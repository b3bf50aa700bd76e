import { expect, test } from 'vitest';
import { News } from '../../../src/backfill/news.ts';

const record = (endedMs: number | undefined) => ({
  ...{ source: 'basement', by: 'walk' as const, beganMs: 0, endedMs },
  ...{ files: 0, bytes: 0, added: 0, changed: 0, vanished: 0, findings: 0 },
});

test('a scan or a listing that somebody else made is noticed once, and none that is still under way', async () => {
  let [scanMs, listingMs]: [number | undefined, number | undefined] = [5, undefined];
  const told: string[] = [];
  let broken = false;
  const news = new News({
    files: {
      scans: async () => {
        if (broken) throw new Error('locked');
        return [
          { last: scanMs === undefined ? undefined : record(scanMs), open: record(undefined), newsMs: undefined },
        ];
      },
    },
    objects: {
      listings: async () => ({
        last: listingMs === undefined ? undefined : { beganMs: 0, endedMs: listingMs, objects: 0, bytes: 0 },
        open: undefined,
      }),
    },
    everyMs: 1000,
    changed: () => told.push('changed'),
    failed: (error) => told.push(String(error)),
  });
  await news.look();
  await news.look();
  expect(told).toEqual([]);
  scanMs = 9;
  await news.look();
  await news.look();
  expect(told.splice(0)).toEqual(['changed']);
  broken = true;
  await news.look();
  broken = false;
  expect(told.splice(0)).toEqual(['Error: locked']);
  listingMs = 12;
  await news.look();
  expect(told).toEqual(['changed']);
});

import { expect, test } from 'vitest';
import { ServiceTimes } from '../../../src/lib/service-times.ts';

test('what 9 of 10 operations took no longer than, of those that ended lately', async () => {
  let nowMs = 0;
  const times = new ServiceTimes(() => nowMs);
  const took = (ms: number) =>
    times.timed(async () => {
      nowMs += ms;
    });
  expect(times.within(1000)).toEqual({ p90Ms: undefined, samples: 0 });
  for (let n = 0; n < 9; n++) await took(2);
  await took(50);
  expect(times.within(1000)).toEqual({ p90Ms: 2, samples: 10 });
  await took(60);
  expect(times.within(1000)).toEqual({ p90Ms: 50, samples: 11 });
  nowMs += 5000;
  expect(times.within(1000).samples).toBe(0);
  await took(7);
  expect(times.within(1000)).toEqual({ p90Ms: 7, samples: 1 });
});

test('a failure took its time too, and what is long ago makes room', async () => {
  let nowMs = 0;
  const times = new ServiceTimes(() => nowMs);
  await times
    .timed(async () => {
      nowMs += 30;
      throw new Error('EIO');
    })
    .catch(() => undefined);
  expect(times.within(1000).p90Ms).toBe(30);
  for (let n = 0; n < 1000; n++) await times.timed(async () => undefined);
  expect(times.within(1000)).toEqual({ p90Ms: 0, samples: 256 });
});

test('tells each operation to who wants to know, also one that failed', async () => {
  let nowMs = 0;
  const told: number[] = [];
  const times = new ServiceTimes(
    () => nowMs,
    (ms) => told.push(ms),
  );
  await times.timed(async () => {
    nowMs += 5;
  });
  await expect(
    times.timed(async () => {
      nowMs += 7;
      throw new Error('EIO');
    }),
  ).rejects.toThrow('EIO');
  expect(told).toEqual([5, 7]);
});

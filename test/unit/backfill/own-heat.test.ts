import { expect, test, vi } from 'vitest';
import { OwnHeat } from '../../../src/backfill/own-heat.ts';
import type { Views } from '../../../src/ledger/heat.ts';

function counting({ maxKeys = 10_000 } = {}) {
  const written: (readonly Views[])[] = [];
  const failures: unknown[] = [];
  const trouble: { error: Error | undefined } = { error: undefined };
  const add = async (views: readonly Views[]) => {
    if (trouble.error) throw trouble.error;
    written.push(views);
  };
  const own = new OwnHeat({
    heat: { add },
    now: () => 5000,
    everyMs: 30_000,
    maxKeys,
    failed: (error) => failures.push(error),
  });
  const ask = (key: string | undefined, more = {}) =>
    own.answered({ method: 'GET', key, status: 200, address: '192.0.2.1', ...more });
  return { own, ask, written, failures, trouble };
}

test('what readers were answered with is counted by key, and written down together', async () => {
  const { own, ask, written } = counting();
  ask('a');
  ask('a');
  ask('b', { status: 304 });
  ask('a', { method: 'HEAD' });
  ask(undefined, { status: 400 });
  ask('c', { status: 404 });
  ask('c', { status: 503 });
  ask('c', { method: 'PURGE', status: 204 });
  await own.write();
  expect(written).toEqual([
    [
      { key: 'a', views: 3, atMs: 5000 },
      { key: 'b', views: 1, atMs: 5000 },
    ],
  ]);
  await own.write();
  expect(written).toHaveLength(1);
});

test('the parts of a video that one viewer fetches are one view', async () => {
  const { own, ask, written } = counting();
  for (let n = 0; n < 50; n += 1) ask('v.mp4', { status: 206 });
  ask('v.mp4', { status: 206, address: '192.0.2.2' });
  await own.write();
  expect(written).toEqual([[{ key: 'v.mp4', views: 2, atMs: 5000 }]]);
});

test('thousands of keys are written down in short transactions, one at a time', async () => {
  const { own, ask, written } = counting();
  for (let n = 0; n < 1100; n += 1) ask(`k${n}`);
  await Promise.all([own.write(), own.write()]);
  expect(written.map((views) => views.length)).toEqual([250, 250, 250, 250, 100]);
  expect(new Set(written.flat().map(({ key }) => key)).size).toBe(1100);
});

test('a flood of invented keys costs no more memory than so many keys', async () => {
  const { own, ask, written } = counting({ maxKeys: 100 });
  for (let n = 0; n < 1000; n += 1) ask(`k${n}`);
  for (let n = 0; n < 10; n += 1) ask('k7');
  await own.write();
  expect(written.flat()).toHaveLength(100);
  expect(written.flat().find(({ key }) => key === 'k7')?.views).toBe(11);
});

test('what cannot be written down now is told, and written down the next time', async () => {
  const { own, ask, written, failures, trouble } = counting();
  ask('a');
  trouble.error = new Error('the database is locked');
  await own.write();
  expect(failures).toEqual([trouble.error]);
  trouble.error = undefined;
  ask('a');
  await own.write();
  expect(written).toEqual([[{ key: 'a', views: 2, atMs: 5000 }]]);
});

test('it is written down every so often, and at the end', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { own, ask, written } = counting();
  own.start();
  ask('a');
  vi.advanceTimersByTime(30_000);
  ask('b');
  await own.stop();
  vi.useRealTimers();
  expect(written.flat().map(({ key }) => key)).toEqual(['a', 'b']);
});

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFilesDatabase } from '../../src/ledger/files-database.ts';
import { SqliteHistory } from '../../src/ledger/sqlite-history.ts';
import { sampleAt, sumsOf } from '../support/samples-of-history.ts';
import { scratch } from '../support/scratch.ts';
import { historyContract } from './history.contract.ts';

const soon = [
  { widthMs: 10_000, kept: 6 },
  { widthMs: 60_000, kept: 10 },
  { widthMs: 900_000, kept: 1000 },
];

historyContract('a SQLite file', () => {
  const file = join(scratch('state'), 'files.db');
  return { open: async (now) => new SqliteHistory(file, { now, levels: soon }) };
});

test('after months it has ten seconds of the last hour, minutes of a day, quarters of 90 days, and no more rows', async () => {
  const file = join(scratch('state'), 'files.db');
  let nowMs = Date.UTC(2026, 0);
  const history = new SqliteHistory(file, { now: () => nowMs });
  const db = openFilesDatabase(file);
  onTestFinished(async () => {
    db.close();
    await history.close();
  });
  const run = async (lengthMs: number, stepMs: number) => {
    for (const endMs = nowMs + lengthMs; nowMs < endMs; ) {
      nowMs += stepMs;
      await history.add(sampleAt(nowMs, { spanMs: stepMs }));
    }
  };
  const dayMs = 86_400_000;
  await run(95 * dayMs, 900_000);
  await run(2 * dayMs, 60_000);
  await run(dayMs / 8, 10_000);
  const { n } = db.prepare('SELECT count(*) AS n FROM history').get() as { n: number };
  expect(n).toBeLessThanOrEqual(360 + 1440 + 90 * 96);
  const longest = async (agoMs: number) =>
    Math.max(...(await history.since(nowMs - agoMs, 20_000)).map(({ spanMs }) => spanMs));
  expect(await longest(3_600_000)).toBe(10_000);
  expect(await longest(dayMs)).toBe(60_000);
  expect(await longest(89 * dayMs)).toBe(900_000);
  const [first] = await history.since(0, 20_000);
  expect((nowMs - first!.endMs) / dayMs).toBeGreaterThan(90);
  expect((nowMs - first!.endMs) / dayMs).toBeLessThan(92);

  const beganMs = performance.now();
  const told = await history.since(0, 500);
  console.log(`90 days in at most 500 samples: ${Math.round(performance.now() - beganMs)} ms, ${n} rows`);
  expect(told.length).toBeLessThanOrEqual(500);
  expect(sumsOf(told)).toEqual(sumsOf(await history.since(0, 20_000)));
});

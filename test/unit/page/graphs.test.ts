import { expect, test } from 'vitest';
import { graphs } from '../../../src/page/graphs.ts';
import { evening, madeUpSamples } from '../../support/made-up-page.ts';

const dayMs = 86_400_000;
const fine = madeUpSamples(dayMs, 96);
const coarse = madeUpSamples(dayMs, 12);

test('graphs have a value for each moment, and a gap where the program did not run', () => {
  const { times, series, from, to } = graphs('24h', evening, fine, coarse);
  expect([from, to]).toEqual([(evening - dayMs) / 1000, evening / 1000]);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  for (const { values } of [...series.answers, ...series.copies, ...series.latency])
    expect(values).toHaveLength(times.length);
  const gaps = series.copies[0]?.values.flatMap((value, i) => (value === null ? [times[i] ?? 0] : [])) ?? [];
  expect(gaps).toHaveLength(1);
  expect(Math.abs((gaps[0] ?? 0) * 1000 - (evening - 15 * 3_600_000))).toBeLessThan(3_600_000);
  expect(times.length).toBe(fine.length + 1);
});

test('a source looks the same in every graph, and what is upstairs lies below', () => {
  const { series } = graphs('24h', evening, fine, coarse);
  expect(series.answers.map(({ name }) => name)).toEqual(['cache', 'bucket', 'attic', 'basement']);
  const looks = new Map(series.answers.map(({ name, look }) => [name, look]));
  for (const { name, look } of series.latency) expect(look).toBe(looks.get(name));
  expect(new Set(looks.values()).size).toBe(4);
});

test('values are per second', () => {
  const sample = { ...fine[0]!, spanMs: 10_000, answered: [{ tier: 'bucket', requests: 25, bytes: 0 }] };
  expect(graphs('24h', evening, [sample], []).series.answers[0]?.values).toEqual([2.5]);
});

test('each graph is told in a sentence and as a table, in the coarser spans', () => {
  const { tables } = graphs('24h', evening, fine, coarse);
  expect(tables.answers.summary).toMatch(
    /^In the last 24 hours [\d,]+ answers, \d+\.\d% of them from upstairs: cache /,
  );
  expect(tables.copies.summary).toMatch(/files were copied, .* GB; \d+ were given up\.$/);
  expect(tables.latency.summary).toContain('basement');
  for (const { head, rows } of Object.values(tables)) {
    expect(rows).toHaveLength(coarse.length);
    for (const row of rows) expect(row).toHaveLength(head.length);
  }
});

test('nothing known is told as such', () => {
  const { tables, times, series } = graphs('1h', evening, [], []);
  expect([times, series.answers, series.latency]).toEqual([[], [], []]);
  expect(Object.values(tables).map(({ summary }) => summary)).toEqual([
    'No reader was answered in the last hour.',
    'Nothing was copied in the last hour.',
    'No source was asked in the last hour.',
  ]);
});

import { expect, test } from 'vitest';
import { makeTrace, type Trace } from '../../../bench/order/trace.ts';
import { expectedPerByte } from '../../../src/backfill/order.ts';

/** After these shares of the bytes. */
const marks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const size = { seed: 7, files: 5000, requests: 100_000 };
const known = makeTrace({ ...size, ages: 'nothing' });
const aged = makeTrace({ ...size, ages: 'slowly' });
const newest = makeTrace({ ...size, ages: 'fast' });

/** The share of requests that is answered from above at each mark, files going up by falling score. */
function answered({ files }: Trace, score: (n: number) => number, requests: readonly number[]): number[] {
  const scores = files.map((_, n) => score(n));
  const order = [...files.keys()].sort((a, b) => scores[b]! - scores[a]!);
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const all = requests.reduce((sum, one) => sum + one, 0);
  return marks.map((mark) => {
    let [gone, up] = [0, 0];
    for (const n of order) {
      gone += files[n]!.size;
      if (gone > bytes * mark) break;
      up += requests[n]!;
    }
    return up / all;
  });
}

function counted({ files }: Trace, asked: readonly number[]): number[] {
  const counts = files.map(() => 0);
  for (const n of asked) counts[n]! += 1;
  return counts;
}

/** Over many ways in which chance could have had it. */
function meanAnswered(trace: Trace, score: (n: number) => number): number[] {
  const each = trace.otherwise.map((requests) => answered(trace, score, requests));
  return marks.map((_, at) => each.reduce((sum, one) => sum + one[at]!, 0) / each.length);
}

const smallest =
  ({ files }: Trace) =>
  (n: number) =>
    -files[n]!.size;
const withoutLog =
  ({ files, halfMs }: Trace) =>
  (n: number) =>
    expectedPerByte(files[n]!, 0, halfMs);

test.each([
  ['neither names nor ages say anything', known],
  ['what is new is asked for more', aged],
  ['most is asked for what came in the last weeks', newest],
])('with a log the order is near the best possible one, where %s', (_, trace) => {
  const [before, after] = [counted(trace, trace.first), counted(trace, trace.second)];
  const ours = answered(trace, (n) => expectedPerByte(trace.files[n]!, before[n]!, trace.halfMs), after);
  const best = answered(trace, (n) => after[n]! / trace.files[n]!.size, after);
  for (const [at, share] of ours.entries()) expect(share).toBeGreaterThan(best[at]! - 0.06);
});

test.each([
  ['what is new is asked for more', aged],
  ['most is asked for what came in the last weeks', newest],
])('without a log the order is ahead of "smallest first" all the way, where %s', (_, trace) => {
  const ours = meanAnswered(trace, withoutLog(trace));
  const theirs = meanAnswered(trace, smallest(trace));
  for (const [at, share] of ours.entries()) expect(share).toBeGreaterThanOrEqual(theirs[at]!);
  expect(ours[0]).toBeGreaterThan(theirs[0]! + 0.03);
});

test('without a log the order is as good as "smallest first" within two points, where neither names nor ages say anything', () => {
  const ours = meanAnswered(known, withoutLog(known));
  const theirs = meanAnswered(known, smallest(known));
  for (const [at, share] of ours.entries()) expect(share).toBeGreaterThan(theirs[at]! - 0.02);
});

import { expect, test } from 'vitest';
import { FreshCheck } from '../../../src/lib/fresh-check.ts';

function counted() {
  let runs = 0;
  const check = new FreshCheck(async () => {
    runs += 1;
    return runs;
  });
  return { check, runs: () => runs };
}

test('an answer is never older than the question', async () => {
  const { check } = counted();
  expect([await check.ask(), await check.ask()]).toEqual([1, 2]);
});

test('questions at the same time share the run that begins after them', async () => {
  const { check } = counted();
  expect(await Promise.all([check.ask(), check.ask(), check.ask()])).toEqual([1, 2, 2]);
});

test('who allows for some age gets the answer of a run that began within it, also one under way', async () => {
  const { check, runs } = counted();
  const running = check.ask();
  expect(await Promise.all([running, check.ask(10_000), check.ask(10_000)])).toEqual([1, 1, 1]);
  expect(await check.ask(10_000)).toBe(1);
  expect([await check.ask(), await check.ask(10_000), runs()]).toEqual([2, 2, 2]);
});

test('an answer that is too old is not given again', async () => {
  const { check } = counted();
  await check.ask();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(await check.ask(10)).toBe(2);
});

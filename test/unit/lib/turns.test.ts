import { expect, test } from 'vitest';
import { Turns } from '../../../src/lib/turns.ts';

const never = new AbortController().signal;

test('places are given in the order in which they were asked for', async () => {
  const turns = new Turns(1);
  const order: string[] = [];
  const first = await turns.take(never);
  const others = ['a', 'b', 'c'].map(async (name) => {
    const leave = await turns.take(never);
    order.push(name);
    leave();
  });
  expect([turns.taken, turns.waiting, turns.free]).toEqual([1, 3, false]);
  first();
  await Promise.all(others);
  expect(order).toEqual(['a', 'b', 'c']);
  expect([turns.taken, turns.waiting, turns.free]).toEqual([0, 0, true]);
});

test('who gives up waiting is out of the queue at once, and takes nobody else along', async () => {
  const turns = new Turns(1);
  const first = await turns.take(never);
  const leave = new AbortController();
  const left = turns.take(leave.signal);
  const stays = turns.take(never);
  leave.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  expect(turns.waiting).toBe(1);
  first();
  (await stays)();
  expect(turns.taken).toBe(0);
  await expect(turns.take(leave.signal)).rejects.toThrow('left');
  expect(turns.taken).toBe(0);
});

test('a place that is given back twice is one place', async () => {
  const turns = new Turns(1);
  const leave = await turns.take(never);
  leave();
  leave();
  await turns.take(never);
  expect(turns.free).toBe(false);
});

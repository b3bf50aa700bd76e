import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { FlightGroup } from '../../../src/media/flight-group.ts';

const keepNothing = () => undefined;

describe('calls that share one execution', () => {
  test('run it once for all who come while it is under way', async () => {
    const group = new FlightGroup<number>();
    let runs = 0;
    const work = async () => {
      runs += 1;
      await turn();
      return 42;
    };
    const calls = await Promise.all([1, 2, 3].map(() => group.join('a', work, keepNothing)));
    expect(runs).toBe(1);
    expect(calls.map(({ value }) => value)).toEqual([42, 42, 42]);
    expect(calls.filter(({ leader }) => leader).length).toBe(1);
  });

  test('run it again for who comes after the end', async () => {
    const group = new FlightGroup<number>();
    let runs = 0;
    const work = async () => ++runs;
    await group.join('a', work, keepNothing);
    expect(await group.join('a', work, keepNothing)).toEqual({ value: 2, leader: true });
  });

  test('do not mix up names', async () => {
    const group = new FlightGroup<string>();
    const [a, b] = await Promise.all(['a', 'b'].map((name) => group.join(name, async () => name, keepNothing)));
    expect([a?.value, b?.value]).toEqual(['a', 'b']);
  });

  test('share a failure, and the next one begins anew', async () => {
    const group = new FlightGroup<number>();
    const failing = async () => {
      await turn();
      throw new Error('disk on fire');
    };
    const calls = await Promise.allSettled([1, 2].map(() => group.join('a', failing, keepNothing)));
    expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await group.join('a', async () => 7, keepNothing)).toEqual({ value: 7, leader: true });
  });

  test('have the result held until everybody had a turn to hold it', async () => {
    const group = new FlightGroup<number>();
    let held = false;
    const keep = () => {
      held = true;
      return () => {
        held = false;
      };
    };
    const work = async () => {
      await turn();
      return 1;
    };
    const calls = [1, 2, 3].map(async () => {
      await group.join('a', work, keep);
      await Promise.resolve();
      return held;
    });
    expect(await Promise.all(calls)).toEqual([true, true, true]);
    await turn();
    await turn();
    expect(held).toBe(false);
  });

  test('do not join what was parted from: it began before the change', async () => {
    const group = new FlightGroup<string>();
    const gate = Promise.withResolvers<string>();
    const before = group.join('a', () => gate.promise, keepNothing);
    group.part('a');
    const after = group.join('a', async () => 'new', keepNothing);
    expect(await after).toEqual({ value: 'new', leader: true });
    gate.resolve('old');
    expect((await before).value).toBe('old');
  });

  test('still share the new run when the one they parted from ends', async () => {
    const group = new FlightGroup<string>();
    const [old, fresh] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const before = group.join('a', () => old.promise, keepNothing);
    group.part('a');
    const leader = group.join('a', () => fresh.promise, keepNothing);
    old.resolve('old');
    await before;
    const follower = group.join('a', async () => 'third', keepNothing);
    fresh.resolve('new');
    expect((await leader).value).toBe('new');
    expect(await follower).toEqual({ value: 'new', leader: false });
  });
});

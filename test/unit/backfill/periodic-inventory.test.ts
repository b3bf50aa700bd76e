import { describe, expect, test, vi } from 'vitest';
import { PeriodicInventory } from '../../../src/backfill/periodic-inventory.ts';
import type { Listing } from '../../../src/ledger/objects.ts';
import { eventually } from '../../support/eventually.ts';

const day = 86_400_000;

function setUp({ last, busy = false }: { last?: Listing; busy?: boolean } = {}) {
  const world = { nowMs: 10 * day, last, busy, runs: 0, held: 0, fail: undefined as Error | undefined, hang: false };
  const events = { began: vi.fn(), ended: vi.fn(), failed: vi.fn() };
  const periodic = new PeriodicInventory({
    inventory: {
      async run({ signal }) {
        world.runs++;
        if (world.fail) throw world.fail;
        if (world.hang)
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
        world.last = { beganMs: world.nowMs, endedMs: world.nowMs, objects: 1, bytes: 2 };
        return world.last;
      },
    },
    objects: { listings: async () => ({ last: world.last, open: undefined }) },
    lock() {
      if (world.busy) return undefined;
      world.held++;
      return { release: () => void world.held-- };
    },
    everyMs: day,
    checkMs: 5,
    retryMs: 600_000,
    now: () => world.nowMs,
    events,
  });
  return { world, events, periodic };
}

/** So many looks later. */
const looks = () => new Promise((resolve) => setTimeout(resolve, 50));

describe("serve's own inventory", () => {
  test('is made at the start where there is none, and again once it is a day old', async () => {
    const { world, events, periodic } = setUp();
    periodic.start();
    await eventually(() => world.runs === 1);
    await looks();
    expect(world.runs).toBe(1);
    world.nowMs += day - 1;
    await looks();
    expect(world.runs).toBe(1);
    world.nowMs += 1;
    await eventually(() => world.runs === 2);
    expect(events.ended).toHaveBeenCalledWith(expect.objectContaining({ objects: 1 }));
    await periodic.stop();
    expect([world.held, events.failed.mock.calls]).toEqual([0, []]);
  });

  test('is not made where a command made one lately', async () => {
    const { world, periodic } = setUp({ last: { beganMs: 9.5 * day, endedMs: 9.6 * day, objects: 1, bytes: 1 } });
    periodic.start();
    await looks();
    await periodic.stop();
    expect(world.runs).toBe(0);
  });

  test('waits while a command makes one', async () => {
    const { world, periodic, events } = setUp({ busy: true });
    periodic.start();
    await looks();
    expect([world.runs, events.began.mock.calls.length]).toEqual([0, 0]);
    world.busy = false;
    await eventually(() => world.runs === 1);
    await periodic.stop();
  });

  test('that fails is told and tried again some time later, with the lock given up meanwhile', async () => {
    const { world, periodic, events } = setUp();
    world.fail = new Error('the store does not answer');
    periodic.start();
    await eventually(() => world.runs === 1);
    await looks();
    expect([world.runs, world.held]).toEqual([1, 0]);
    expect(events.failed).toHaveBeenCalledExactlyOnceWith(world.fail);
    world.fail = undefined;
    world.nowMs += 600_000;
    await eventually(() => events.ended.mock.calls.length === 1);
    await periodic.stop();
  });

  test('ends with the program, and that is no failure', async () => {
    const { world, periodic, events } = setUp();
    world.hang = true;
    periodic.start();
    await eventually(() => world.runs === 1);
    await periodic.stop();
    await looks();
    expect([world.runs, world.held, events.failed.mock.calls.length]).toEqual([1, 0, 0]);
  });
});

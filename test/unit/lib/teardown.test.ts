import { describe, expect, test } from 'vitest';
import { Teardown } from '../../../src/lib/teardown.ts';
import { within } from '../../../src/lib/within.ts';

describe('letting go', () => {
  test('happens in the reverse order of acquiring, one after the other', async () => {
    const order: string[] = [];
    const teardown = new Teardown(() => undefined);
    for (const name of ['ledger', 'bucket', 'listener'])
      teardown.add(name, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push(name);
      });
    await teardown.run();
    expect(order).toEqual(['listener', 'bucket', 'ledger']);
  });

  test('goes on when a step fails, and tells of it', async () => {
    const failed: string[] = [];
    let closed = false;
    const teardown = new Teardown((name) => failed.push(name));
    teardown.add('ledger', () => {
      closed = true;
    });
    teardown.add('bucket', () => {
      throw new Error('no');
    });
    await teardown.run();
    expect(failed).toEqual(['bucket']);
    expect(closed).toBe(true);
  });

  test('happens once, however often it is asked for', async () => {
    let times = 0;
    const teardown = new Teardown(() => undefined);
    teardown.add('ledger', () => {
      times += 1;
    });
    await Promise.all([teardown.run(), teardown.run()]);
    await teardown.run();
    expect(times).toBe(1);
  });
});

describe('waiting no longer than', () => {
  test('the deadline', async () => {
    expect(await within(new Promise(() => undefined), 1)).toBe(false);
  });

  test('needed', async () => {
    expect(await within(Promise.resolve(), 60_000)).toBe(true);
  });

  test('a failure, which is passed on', async () => {
    await expect(within(Promise.reject(new Error('no')), 60_000)).rejects.toThrow('no');
  });
});

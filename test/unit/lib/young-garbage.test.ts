import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { youngGarbage } from '../../../src/lib/young-garbage.ts';

test('young garbage is collected each time so many bytes have passed, and the old is left alone', async () => {
  const kinds: number[] = [];
  const observer = new PerformanceObserver((list) => {
    // What V8 does by itself in the meantime is not forced.
    for (const entry of list.getEntries()) {
      const { kind, flags } = (entry as unknown as { detail: { kind: number; flags: number } }).detail;
      if (flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) kinds.push(kind);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  onTestFinished(() => observer.disconnect());

  const passed = youngGarbage(1000);
  passed(400);
  passed(599);
  await sleep(20);
  expect(kinds).toEqual([]);
  passed(1);
  passed(999);
  passed(5000);
  await sleep(20);
  expect(kinds).toEqual([constants.NODE_PERFORMANCE_GC_MINOR, constants.NODE_PERFORMANCE_GC_MINOR]);
});

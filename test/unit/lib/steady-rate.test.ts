import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SteadyRate } from '../../../src/lib/steady-rate.ts';

const { signal } = new AbortController();

test('no more happen in any time than were allowed, however they come, and hardly fewer', async () => {
  const counts = fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(counts, async (all) => {
      let nowMs = 5;
      const rate = new SteadyRate(1000, {
        now: () => nowMs,
        // Timers are late as a rule.
        wait: async (ms) => {
          nowMs += ms + 3;
        },
      });
      let spent = 0;
      for (const count of all) {
        await rate.spend(count, signal);
        spent += count;
        expect(nowMs - 5).toBeGreaterThanOrEqual(spent - 20);
        expect(nowMs - 5).toBeLessThanOrEqual(spent + 3 * all.length);
      }
    }),
  );
});

test('who is told to stop does not wait for his turn', async () => {
  const stop = new AbortController();
  const waiting = new SteadyRate(1).spend(100, stop.signal);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

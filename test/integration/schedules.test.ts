import { env } from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../support/left-out.ts';
import { type Bed, makeBed } from '../support/schedules/bed.ts';
import { brokenText, playedText, type Run, runSchedules } from '../support/schedules/run-schedules.ts';
import { Schedule } from '../support/schedules/schedule.ts';
import { weaknesses, withConditions } from '../support/schedules/weaknesses.ts';

/** Plays this one alone, and prints what happens: `UPSTAIRS_SCHEDULE=1234`. */
const alone = env.UPSTAIRS_SCHEDULE;
/** Others than always: `UPSTAIRS_SCHEDULES_FROM=100000`. */
const first = Number(env.UPSTAIRS_SCHEDULES_FROM ?? 1);
const parts = [0, 1000, 2000, 3000, 4000].map((n) => [first + n, first + n + 999] as const);

/**
 * The real copier and mutations over the real databases and a real Ceph gateway: one key a schedule, with copies, looks, mutations, lost,
 * late and refused requests and crashes in an order that its seed decides, until nothing more happens.
 */
describe.skipIf(needs('ceph').skip)('seeded schedules with the real stores', { timeout: 300_000 }, () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await makeBed();
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  if (alone !== undefined) {
    test('the one asked for: I2-I5 hold', async () => {
      const played = await new Schedule(bed, Number(alone), 'alone.txt').play();
      console.log(playedText(played));
      expect(played.broken).toEqual([]);
    });
    return;
  }

  describe('all of them', () => {
    test.each(parts)('in schedules %i to %i I2-I5 hold, and all comes to rest', async (from, to) => {
      const count = to - from + 1;
      const run = await runSchedules(bed, { first: from, count });
      console.log(runText(from, run));
      expect(brokenText(run)).toBe('');
      expect(run.unconditional).toBe(count / 5);
      const { crashes, lateLandings, acked, unleased, copied, inParts } = run.tally;
      for (const n of [crashes, lateLandings, acked, unleased, copied]) expect(n).toBeGreaterThan(count / 10);
      expect(inParts).toBeGreaterThan(count / 40);
    });

    test('a seed always makes the same choices', async () => {
      for (let seed = first; seed < first + 20; seed++) {
        const [once, again] = await Promise.all([
          new Schedule(bed, seed, `once/${seed}.txt`).play(),
          new Schedule(bed, seed, `again/${seed}.txt`).play(),
        ]);
        expect(again.trace).toEqual(once.trace);
      }
    });

    test.each(weaknesses)('they find out when %s', async (_name, weakness) => {
      const run = await runSchedules(bed, { first: 1, count: 300, weakness, untilBroken: 1 });
      expect(run.broken.length).toBeGreaterThan(0);
    });

    test('they find out when it is not on record that a completion has no condition', async () => {
      // A client's upload has to come between a look and the late landing: these seeds begin shortly before one that makes it so.
      const run = await runSchedules(bed, {
        first: 2800,
        count: 3000,
        weakness: { ledgerChange: withConditions },
        untilBroken: 1,
      });
      console.log(`found by seeds ${run.broken.map(({ plan }) => plan.seed)}, after ${run.played} schedules`);
      expect(run.broken.length).toBeGreaterThan(0);
    });

    test('they find out when the holder of a lease is not told what was recorded without it', async () => {
      // The last look and the mutation must meet in one turn of the event loop: these seeds begin shortly before one that makes them.
      const run = await runSchedules(bed, {
        first: 1900,
        count: 3000,
        weakness: { undisturbed: true },
        untilBroken: 1,
      });
      expect(run.broken.length).toBeGreaterThan(0);
    });
  });
});

function runText(from: number, { played, unconditional, tally }: Run): string {
  const counts = Object.entries(tally).map(([name, n]) => `${name} ${n}`);
  return `schedules from seed ${from}: ${played}, of them ${unconditional} unconditional; ${counts.join(', ')}`;
}

import type { Bed } from './bed.ts';
import { planText } from './plan.ts';
import { type Played, Schedule } from './schedule.ts';
import { added, noTally, type Tally } from './tally.ts';
import type { Weakness } from './weakness.ts';

export interface Run {
  readonly played: number;
  /** Of these, at a store without conditions. */
  readonly unconditional: number;
  readonly tally: Tally;
  /** Those that broke a rule. */
  readonly broken: readonly Played[];
}

/** Keys under way at once. */
const atOnce = 32;

let runs = 0;

/** Plays a schedule for each of the seeds `first`, `first + 1` …, until so many have broken a rule. */
export async function runSchedules(
  bed: Bed,
  {
    first,
    count,
    weakness,
    untilBroken = 5,
  }: { first: number; count: number; weakness?: Weakness; untilBroken?: number },
): Promise<Run> {
  runs += 1;
  const keys = `${runs}/`;
  const broken: Played[] = [];
  let tally = noTally();
  let played = 0;
  let unconditional = 0;
  let next = first;
  const player = async () => {
    while (next < first + count && broken.length < untilBroken) {
      const seed = next++;
      const result = await new Schedule(bed, seed, `${keys}${seed}.txt`, weakness).play();
      tally = added(tally, result.tally);
      played += 1;
      if (!result.plan.world.rules.conditional) unconditional += 1;
      if (result.broken.length > 0) broken.push(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, player));
  return { played, unconditional, tally, broken };
}

/** What happened, for people. */
export function playedText({ plan, broken, trace, end }: Played): string {
  const steps = [...trace, `at the end: ${end}`].map((line, i) => `  ${i + 1}. ${line}`);
  return [planText(plan), ...broken.map((rule) => `  broken: ${rule}`), ...steps].join('\n');
}

/** Empty: none broke a rule. */
export function brokenText({ broken }: Run): string {
  return broken.map(playedText).join('\n\n');
}

import type { MutationKind } from '../../../src/marks/marks.ts';
import { type Exploration, explore } from './explore.ts';
import type { World } from './snapshot.ts';

const all: readonly MutationKind[] = ['delete', 'put', 'acl-private', 'acl-public'];

export type Schedule = readonly MutationKind[];

/** None, and each alone. */
export const singles: readonly Schedule[] = [[], ...all.map((a) => [a])];
/** Two that come at any time; which is written first makes no difference. */
export const pairs: readonly Schedule[] = all.flatMap((a, i) => all.slice(i).map((b) => [a, b]));
/** Three in this order. */
export const triples: readonly Schedule[] = all.flatMap((a) => all.flatMap((b) => all.map((c) => [a, b, c])));

export const plain: World = {
  rules: { conditional: true, acls: true, looks: 2 },
  mutations: [],
  below: true,
  sourceAcl: 'public',
  crashes: 1,
  faults: 1,
  refusals: 0,
  reads: true,
  maxAttempts: 2,
};

/** Explores the world once for each schedule, and prints what was seen. */
export function exploreAll(name: string, schedules: readonly Schedule[], change: Partial<World>): Exploration[] {
  const found = schedules.map((mutations) => explore({ ...plain, ...change, mutations }));
  const sum = (of: (e: Exploration) => number) => found.reduce((total, e) => total + of(e), 0);
  console.log(
    `protocol, ${name}: ${schedules.length} schedules, ${sum((e) => e.states)} states, ${sum((e) => e.atRest)} at rest, ` +
      `${sum((e) => e.copiedAtRest)} of them copied, ${sum((e) => e.ackedAtRest)} with a mutation acknowledged`,
  );
  return found;
}

/** Each rule that was broken, with the shortest way there; empty: none was. */
export function brokenRules(found: readonly Exploration[]): string {
  const ways = new Map<string, readonly string[]>();
  for (const { violations } of found)
    for (const [rule, way] of violations) if (way.length < (ways.get(rule)?.length ?? Infinity)) ways.set(rule, way);
  return [...ways].map(([rule, way]) => `${rule}\n${way.map((line, i) => `  ${i}. ${line}`).join('\n')}`).join('\n');
}

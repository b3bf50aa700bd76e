import type { MutationKind } from '../../../src/marks/marks.ts';
import type { World } from '../explorer/snapshot.ts';
import { Seeded } from './seeded.ts';

/** What a schedule is made of, told by its seed alone. When what happens, its `choices` decide. */
export interface Plan {
  readonly seed: number;
  readonly world: World;
  /** By mutation: the bucket cannot be used as it comes. */
  readonly unusable: readonly boolean[];
  /** How eagerly clients send: late ones meet looks rather than copies. */
  readonly pace: number;
  readonly choices: Seeded;
}

const kinds: readonly MutationKind[] = ['delete', 'put', 'acl-private', 'acl-public'];

/** One seed in so many goes to a store that ignores conditions. */
const unconditionalEvery = 5;

/** One seed in so many has a file that goes up in parts. */
const inPartsEvery = 4;

export function planOf(seed: number): Plan {
  const choices = new Seeded(seed);
  const below = choices.chance(0.8);
  const before = choices.pick(below ? (['other', 'same', undefined, undefined, undefined] as const) : beforeAlone);
  const mutations = Array.from({ length: choices.pick([1, 2, 2, 3]) }, () => choices.pick(kinds));
  const world: World = {
    rules: { conditional: seed % unconditionalEvery !== 0, acls: true, looks: choices.pick([2, 2, 3]) },
    mutations,
    inARow: choices.chance(0.4),
    below,
    ...(before === undefined ? {} : { before }),
    ...(seed % inPartsEvery === 1 ? { inParts: ['source'] as const } : {}),
    sourceAcl: choices.chance(0.2) ? 'private' : 'public',
    crashes: choices.pick([0, 0, 1, 1, 2]),
    faults: choices.pick([0, 1, 1, 2, 3]),
    refusals: choices.pick([0, 0, 1]),
    reads: false,
    maxAttempts: Number.POSITIVE_INFINITY,
  };
  return {
    seed,
    world,
    unusable: mutations.map(() => choices.chance(0.1)),
    pace: choices.pick([2, 0.4, 0.1]),
    choices,
  };
}

const beforeAlone = ['other', 'other', undefined] as const;

/** The plan in a line. */
export function planText({ seed, world }: Plan): string {
  const { mutations, inARow, below, before, sourceAcl, crashes, faults, refusals, rules, inParts } = world;
  const file = below ? `a ${sourceAcl} file below` : 'nothing below';
  const bucket = before === undefined ? 'nothing' : before === 'same' ? 'the same bytes' : 'another object';
  return (
    `schedule ${seed}: ${mutations.join(inARow ? ', then ' : ' | ')}; ${file}, ${bucket} in the bucket, ` +
    `${rules.conditional ? 'conditional' : 'unconditional'} store${inParts ? ', in parts' : ''}, up to ${crashes} crashes, ${faults} faults, ${refusals} refusals`
  );
}

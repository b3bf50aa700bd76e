import { describe, expect, test } from 'vitest';
import { explore } from '../../support/explorer/explore.ts';
import { plain } from '../../support/explorer/worlds.ts';
import type { Weakened } from './weakened.ts';
import { weakenedCopies } from './weakened-copies.ts';
import { weakenedLargeCopies } from './weakened-large-copies.ts';
import { weakenedMutations } from './weakened-mutations.ts';

/** With one rule taken out, the explorer has to notice: else the rule is needless, or the explorer blind. */
describe('every rule of the protocol is needed', { timeout: 120_000 }, () => {
  test.each([...weakenedCopies, ...weakenedLargeCopies, ...weakenedMutations])(
    '$rule: without it, $breaks',
    (weakened) => {
      expect(rulesBroken(weakened).filter((rule) => rule.startsWith(weakened.breaks))).not.toEqual([]);
    },
  );
});

function rulesBroken({ breaks, world, schedules, step, marked }: Weakened): readonly string[] {
  const broken = new Set<string>();
  for (const mutations of schedules) {
    const weak = { ...plain, ...world, mutations, ...(step && { step }), ...(marked && { marked }) };
    const { violations } = explore(weak, (rule) => rule.startsWith(breaks));
    for (const rule of violations.keys()) broken.add(rule);
    if ([...broken].some((rule) => rule.startsWith(breaks))) break;
  }
  return [...broken];
}

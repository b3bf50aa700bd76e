import { PlanMaker, type PlanMakerOptions } from '../backfill/plan-maker.ts';
import { SqlitePlan } from '../ledger/sqlite-plan.ts';
import type { Marks } from '../marks/marks.ts';
import { hides } from '../protocol/state.ts';
import type { Context } from './context.ts';
import { filesDatabase } from './wire-files.ts';

export type PlanDependencies = Pick<PlanMakerOptions, 'files' | 'objects' | 'ledger' | 'heat'> & {
  readonly marks: Pick<Marks, 'get'>;
};

/** The plan of what is to be carried up. */
export function wirePlan({ config, teardown, now }: Context, { marks, ...parts }: PlanDependencies): PlanMaker {
  const store = new SqlitePlan(filesDatabase(config.state.dir));
  teardown.add('plan', () => store.close());
  return new PlanMaker({
    ...parts,
    store,
    keep: async (keys) => {
      const marksOf = await Promise.all(keys.map((key) => marks.get(key)));
      return new Set(keys.filter((_, index) => !hides(marksOf[index]!)));
    },
    skip: config.backfill.skip,
    sources: config.sources.map(({ name }) => name),
    now,
  });
}

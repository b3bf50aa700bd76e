import { PlanMaker, type PlanMakerOptions } from '../backfill/plan-maker.ts';
import { SqlitePlan } from '../ledger/sqlite-plan.ts';
import type { Marks } from '../marks/marks.ts';
import type { Context } from './context.ts';
import { keysToKeep } from './keys-to-keep.ts';
import { filesDatabase } from './wire-files.ts';

export type PlanDependencies = Pick<PlanMakerOptions, 'files' | 'objects' | 'ledger' | 'heat'> & {
  readonly marks: Pick<Marks, 'get'>;
  /** Whether a source is in use: nothing is planned from others. */
  readonly inUse: (name: string) => boolean;
};

/** The plan of what is to be carried up. */
export function wirePlan({ config, teardown, now }: Context, { marks, inUse, ...parts }: PlanDependencies): PlanMaker {
  const store = new SqlitePlan(filesDatabase(config.state.dir));
  teardown.add('plan', () => store.close());
  return new PlanMaker({
    ...parts,
    store,
    keep: keysToKeep(marks),
    skip: config.backfill.skip,
    sources: () => config.sources.map(({ name }) => name).filter(inUse),
    now,
  });
}

import { Drain } from '../backfill/drain.ts';
import type { Orders } from '../backfill/orders.ts';
import type { Plan } from '../backfill/plan.ts';
import type { Strain } from '../backfill/strain.ts';
import type { CopyPace } from '../copy/copy-pace.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Marks } from '../marks/marks.ts';
import type { LocalDisk } from '../sources/local-disk.ts';
import type { Context } from './context.ts';
import type { Remote } from './wire-remote.ts';

interface BackfillParts {
  readonly plan: Plan;
  readonly orders: Orders;
  readonly ledger: Ledger;
  readonly marks: Marks;
  readonly pace: CopyPace;
  readonly media: {
    readonly disks: readonly LocalDisk[];
    readonly remotes: readonly Remote[];
    readonly inUse: { has(name: string): boolean };
  };
}

/** The longest time that a source is left alone, in milliseconds. */
const mostRestMs = 2 * 3600_000;

/** Carrying up what nobody asks for. It is begun with `start`, after the copies were. */
export function wireBackfill({ config, report, now }: Context, parts: BackfillParts): Drain {
  const { media, ...others } = parts;
  const { concurrency, sourceErrors, sourceRest } = config.backfill;
  return new Drain({
    ...others,
    sources: strainsOf(config.sources, media),
    most: concurrency,
    rest: { errors: sourceErrors, firstMs: sourceRest, mostMs: mostRestMs },
    now,
    events: {
      standing: report.rest.backfillStanding,
      planned: report.rest.backfillPlanned,
      sourcePaused: report.rest.backfillSourcePaused,
      done: report.rest.backfillDone,
      copied: report.rest.backfillCopied,
      failed: report.rest.backfillFailed,
    },
  });
}

/** Every source by its name, in the order of the configuration. */
function strainsOf(sources: Context['config']['sources'], media: BackfillParts['media']): Map<string, Strain> {
  const strains = new Map<string, Strain>();
  for (const source of sources) {
    const disk = media.disks.find(({ name }) => name === source.name);
    const remote = media.remotes.find((one) => one.source.name === source.name);
    if (disk && source.type === 'disk')
      strains.set(source.name, {
        inUse: () => media.inUse.has(source.name),
        latency: (withinMs) => disk.latency(withinMs),
        readers: () => disk.readers,
        operations: source.maxOutstanding,
      });
    else if (remote && source.type !== 'disk')
      strains.set(source.name, {
        inUse: () => media.inUse.has(source.name),
        latency: (withinMs) => remote.latency(withinMs),
        readers: (own) => Math.max(0, remote.load.outstanding + remote.load.waiting - own),
        operations: source.connections,
      });
  }
  return strains;
}

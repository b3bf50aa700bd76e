import { join } from 'node:path';
import type { Drain } from '../backfill/drain.ts';
import { DrainOrders } from '../backfill/drain-orders.ts';
import { News } from '../backfill/news.ts';
import type { OwnHeat } from '../backfill/own-heat.ts';
import { Timetable } from '../backfill/timetable.ts';
import type { CopyPace } from '../copy/copy-pace.ts';
import type { Files, ScanRecord } from '../ledger/files.ts';
import { rescueFiles } from '../ledger/files-rescue.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Listing } from '../ledger/objects.ts';
import { SqliteDrainOrders } from '../ledger/sqlite-drain-orders.ts';
import type { Marks } from '../marks/marks.ts';
import type { HottestBelow } from '../status/hottest-below.ts';
import { HottestInHeat } from '../status/hottest-in-heat.ts';
import type { Context } from './context.ts';
import { keysToKeep } from './keys-to-keep.ts';
import { wireBackfill } from './wire-backfill.ts';
import type { BucketParts } from './wire-bucket.ts';
import { filesDatabase, openFiles } from './wire-files.ts';
import { wireHeat } from './wire-heat.ts';
import { wireInventory } from './wire-inventory.ts';
import type { MediaParts } from './wire-media.ts';
import { type ScanProgram, wirePeriodicScans } from './wire-periodic-scans.ts';
import { wirePlan } from './wire-plan.ts';

/** How often it is looked for scans and listings that others made, in milliseconds. */
const newsEveryMs = 5000;

interface RestParts {
  readonly marks: Marks;
  readonly ledger: Ledger;
  readonly bucket: Pick<BucketParts, 'identity'>;
  readonly media: MediaParts;
  readonly pace: CopyPace;
  /** Undefined: nothing is scanned from here. */
  readonly scanProgram: ScanProgram | undefined;
}

/** What carries up the rest that nobody asks for, and what it goes by. */
export interface Rest {
  readonly orders: DrainOrders;
  /** Undefined in phase: front, where nothing is copied. */
  readonly drain: Drain | undefined;
  readonly heat: OwnHeat;
  readonly files: Files;
  readonly hottest: HottestBelow;
  /** Of each source the newest scan that ended. */
  scans(): Promise<readonly ScanRecord[]>;
  inventory(): Promise<Listing | undefined>;
  /** Once copies may be made. Scans and listings begin with the first order to run, and go on from then. */
  start(): void;
}

export async function wireRest(context: Context, parts: RestParts): Promise<Rest> {
  const { config, report, teardown, now } = context;
  const { marks, ledger, bucket, media, pace, scanProgram } = parts;
  const orders = await wireOrders(context);
  const why = rescueFiles(filesDatabase(config.state.dir), now());
  if (why !== undefined) report.rest.filesPutAside(why);
  const files = openFiles(config.state.dir);
  teardown.add('files', () => files.close());
  const heat = wireHeat(context);
  const inventory = wireInventory(context, bucket.identity);
  const scans = wirePeriodicScans(context, { files, inUse: media.inUse.has, scanProgram });
  const news = new News({
    files,
    objects: inventory.objects,
    everyMs: newsEveryMs,
    changed: () => drain?.changed(),
    failed: report.rest.backfillFailed,
  });
  const drain =
    config.phase === 'move'
      ? wireBackfill(context, {
          plan: wirePlan(context, {
            marks,
            ledger,
            files,
            heat: heat.heat,
            objects: inventory.objects,
            inUse: media.inUse.has,
          }),
          ...{ orders, ledger, marks, pace, media },
        })
      : undefined;
  let looking = false;
  const look = () => {
    if (looking || !orders.wanted) return;
    looking = true;
    scans.start();
    inventory.start();
  };
  return {
    orders,
    drain,
    heat: heat.own,
    files,
    hottest: new HottestInHeat({
      ...{ heat: heat.heat, files, objects: inventory.objects, ledger, now },
      keep: keysToKeep(marks),
      sources: () => config.sources.map(({ name }) => name).filter(media.inUse.has),
    }),
    scans: async () => (await files.scans()).flatMap(({ last }) => (last ? [last] : [])),
    inventory: () => inventory.last(),
    start() {
      orders.onChange(look);
      look();
      if (!drain) return;
      drain.start();
      teardown.add('backfill', () => drain.stop());
      news.start();
      teardown.add('news for the backfill', () => news.stop());
    },
  };
}

async function wireOrders({ config, report, teardown, now }: Context): Promise<DrainOrders> {
  const store = new SqliteDrainOrders(join(config.state.dir, 'ledger.db'));
  teardown.add('orders in the ledger', () => store.close());
  const orders = await DrainOrders.open({
    store,
    timetable: new Timetable(config.backfill.timetable),
    enabled: config.backfill.enabled,
    now,
    ordered: report.rest.ordered,
  });
  teardown.add('orders', () => orders.stop());
  return orders;
}

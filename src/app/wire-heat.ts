import { keyOfTarget } from '../backfill/access-log/key-of-target.ts';
import { LogImport } from '../backfill/access-log/log-import.ts';
import { OwnHeat } from '../backfill/own-heat.ts';
import type { Config } from '../config/schema.ts';
import type { Heat } from '../ledger/heat.ts';
import { SqliteHeat } from '../ledger/sqlite-heat.ts';
import type { Context } from './context.ts';
import { filesDatabase } from './wire-files.ts';

/** More keys are not kept: some 200 MB. What is asked for more rarely than the millionth key is as good as never asked for. */
const maxKeys = 1_000_000;
/** How often own counts are written down, in milliseconds. */
const everyMs = 30_000;
/** Keys that are counted between two times. */
const maxGathered = 20_000;
/** How long readers may wait for another process' write, in milliseconds: own counts have another turn. */
const servingBusyMs = 20;

/** Heat in the state directory, also beside a running program. */
export function openHeat(config: Config, now: () => number): Heat {
  return heatIn(config, now(), {});
}

/** Heat, and the program's own counts, which go into it. */
export function wireHeat({ config, report, teardown, now }: Context): { heat: Heat; own: OwnHeat } {
  const heat = heatIn(config, now(), { busyMs: servingBusyMs });
  teardown.add('heat', () => heat.close());
  const own = new OwnHeat({ heat, now, everyMs, maxKeys: maxGathered, failed: report.rest.heatNotRecorded });
  own.start();
  teardown.add('own heat', () => own.stop());
  return { heat, own };
}

/** What reads logs; `host`: the Host of requests in logs that do not tell it. */
export function logImport(config: Config, heat: Heat, now: () => number, host: string | undefined): LogImport {
  const { routes } = config.read;
  return new LogImport({ heat, now, keyOf: (told, target) => keyOfTarget(routes, told ?? host, target) });
}

function heatIn({ state, backfill }: Config, nowMs: number, more: { busyMs?: number }): Heat {
  return new SqliteHeat(filesDatabase(state.dir), { halfLifeMs: backfill.heatHalfLife, maxKeys, nowMs, ...more });
}

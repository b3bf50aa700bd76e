import { join } from 'node:path';
import type { BackfillFacts } from '../backfill/facts.ts';
import { Recopy } from '../backfill/recopy.ts';
import { parseLimits } from '../config/timetable-schema.ts';
import { adminApi } from '../http/admin-api.ts';
import type { AdminRoutes } from '../http/admin-server.ts';
import type { Failures } from '../ledger/failures.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { SqliteFailures } from '../ledger/sqlite-failures.ts';
import type { Marks } from '../marks/marks.ts';
import type { Leases } from '../protocol/leases.ts';
import type { Context } from './context.ts';
import type { BucketParts } from './wire-bucket.ts';
import type { Rest } from './wire-rest.ts';

interface ControlParts {
  readonly marks: Marks;
  readonly ledger: Ledger;
  readonly bucket: Pick<BucketParts, 'store' | 'identity'>;
  readonly leases: Leases;
  readonly purge: (key: string) => void;
  readonly rest: Pick<Rest, 'orders' | 'drain'>;
}

/** What operators can order, and see of failures, while the program runs. */
export interface Control {
  /** For the admin listener. */
  readonly routes: AdminRoutes;
  readonly facts: () => Promise<BackfillFacts>;
  readonly failures: Failures;
}

export function wireControl(context: Context, parts: ControlParts): Control {
  const { config, report, teardown, now } = context;
  const { marks, ledger, bucket, leases, purge, rest } = parts;
  const { orders, drain } = rest;
  const file = join(config.state.dir, 'ledger.db');
  const failures = SqliteFailures.open(file);
  teardown.add('failures in the ledger', () => failures.close());
  const { identity } = bucket;
  const recopy = new Recopy({
    ...{ ledger, marks, store: bucket.store, identity, leases, purge, now },
    copying: config.phase === 'move',
  });
  const facts = async () => ({ ...orders.facts(), drain: await drain?.facts() });
  const routes = adminApi({
    token: config.admin.token,
    orders,
    facts,
    failures,
    recopy: (key) => recopy.recopy(key),
    parseLimits,
    now,
    did: report.rest.ordered,
    failed: report.rest.orderFailed,
  });
  return { routes, facts, failures };
}

/** The failures in this ledger; `look`: nothing is changed in it. */
export function openFailures(file: string, { look }: { look: boolean }) {
  return look ? SqliteFailures.peek(file) : SqliteFailures.open(file);
}

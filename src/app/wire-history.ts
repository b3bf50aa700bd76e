import type { History } from '../history/history.ts';
import { Sampler } from '../history/sampler.ts';
import { standingNow } from '../history/standing.ts';
import type { LedgerSummary } from '../ledger/ledger-summary.ts';
import { SqliteHistory } from '../ledger/sqlite-history.ts';
import type { Context } from './context.ts';
import { latencyOf } from './latency-of.ts';
import { filesDatabase } from './wire-files.ts';
import type { MediaParts } from './wire-media.ts';
import type { Rest } from './wire-rest.ts';

/** How long a sample is, in milliseconds. */
const everyMs = 10_000;

interface HistoryParts {
  readonly summary: LedgerSummary;
  readonly media: Pick<MediaParts, 'disks' | 'remotes' | 'inUse'>;
  readonly rest: Pick<Rest, 'inventory' | 'drain'>;
}

/** How the move went, and what keeps a record of it from now on. After `wireRest`, which puts an unusable `files.db` aside. */
export function wireHistory({ config, report, teardown, now }: Context, parts: HistoryParts): Pick<History, 'since'> {
  const { summary, media, rest } = parts;
  const history = new SqliteHistory(filesDatabase(config.state.dir), { now });
  teardown.add('history', () => history.close());
  const sampler = new Sampler({
    history,
    everyMs,
    sources: () => media.inUse.names,
    latencyMs: latencyOf(media),
    standing: () =>
      standingNow({ summary, listing: () => rest.inventory(), left: async () => (await rest.drain?.facts())?.left }),
    now,
    steadyNow: () => performance.now(),
    failed: report.rest.historyNotRecorded,
  });
  report.watch(sampler);
  sampler.start();
  teardown.add('samples for the history', () => sampler.stop());
  return history;
}

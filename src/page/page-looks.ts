import type { BackfillFacts } from '../backfill/facts.ts';
import type { History } from '../history/history.ts';
import type { FailureCount, Failures } from '../ledger/failures.ts';
import { Remembered } from '../lib/remembered.ts';
import { SharedLook } from '../lib/shared-look.ts';
import { within } from '../lib/within.ts';
import type { Status } from '../status/status.ts';
import type { GraphData } from './graph-data.ts';
import { type GraphSpan, graphSpans } from './graph-span.ts';
import { graphs } from './graphs.ts';
import type { PageFacts } from './page-facts.ts';

export interface PageLooksOptions {
  /** Quick, and shared with others who ask. */
  readonly status: () => Promise<Status>;
  readonly backfill: () => Promise<BackfillFacts>;
  readonly history: Pick<History, 'since'>;
  readonly failures: Pick<Failures, 'counts'>;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** How old things may be, in milliseconds. What grows with the number of failures is counted seldom, and nobody waits for it. */
const factsMs = 1000;
const recentMs = 10_000;
const countsMs = 30_000;
/** How long the first who asks waits for the count. */
const patienceMs = 100;
/** Points of a graph, and lines of its table, at most. */
const points = 240;
const lines = 12;

const hourMs = 3_600_000;

/** What pages are made from, looked up once for all of them. */
export class PageLooks {
  readonly #options: PageLooksOptions;
  readonly #facts: SharedLook<PageFacts>;
  readonly #recent: SharedLook<Pick<PageFacts, 'hour' | 'day'>>;
  readonly #counts: Remembered<readonly FailureCount[]>;
  readonly #graphs = new Map<GraphSpan, SharedLook<GraphData>>();

  constructor(options: PageLooksOptions) {
    const { now, history, failures, failed } = options;
    this.#options = options;
    this.#facts = new SharedLook({ look: () => this.#look(), maxAgeMs: factsMs, now });
    this.#recent = new SharedLook({
      look: async () => {
        try {
          return {
            hour: await history.since(now() - hourMs, points),
            day: await history.since(now() - 24 * hourMs, points),
          };
        } catch (error) {
          // The rest of the page is worth more than its past.
          failed(error);
          return { hour: [], day: [] };
        }
      },
      maxAgeMs: recentMs,
      now,
    });
    this.#counts = new Remembered({ look: () => failures.counts(), maxAgeMs: countsMs, now, failed });
    for (const span of Object.keys(graphSpans) as GraphSpan[])
      this.#graphs.set(span, new SharedLook({ look: () => this.#lookBack(span), maxAgeMs: recentMs, now }));
  }

  facts(): Promise<PageFacts> {
    return this.#facts.now();
  }

  graphs(span: GraphSpan): Promise<GraphData> {
    return this.#graphs.get(span)!.now();
  }

  async #look(): Promise<PageFacts> {
    const { status, backfill } = this.#options;
    if (this.#counts.get() === undefined) await within(this.#counts.refreshed(), patienceMs);
    return {
      status: await status(),
      backfill: await backfill(),
      failures: this.#counts.get(),
      ...(await this.#recent.now()),
    };
  }

  async #lookBack(span: GraphSpan): Promise<GraphData> {
    const { history, now } = this.#options;
    const nowMs = now();
    const from = nowMs - graphSpans[span].ms;
    return graphs(span, nowMs, await history.since(from, points), await history.since(from, lines));
  }
}

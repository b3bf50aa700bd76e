import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as breath } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { History, Sample } from '../history/history.ts';
import { rolledUp, spanNumber, widthFor } from '../history/rolled-up.ts';
import { briefBusyMs, briefTransaction } from '../lib/brief-transaction.ts';
import { openFilesDatabase } from './files-database.ts';
import { type HistoryRow, rowOf, sampleIn } from './history-rows.ts';
import { prepareHistory } from './history-statements.ts';

export interface SqliteHistoryOptions {
  readonly now: () => number;
  /** From fine to coarse. Left out: 10 s for an hour, 1 min for a day, 15 min for 90 days. */
  readonly levels?: readonly Level[];
}

/** Spans of one width, and how many of them are kept; what is beyond that is rolled up into the next level, or forgotten. */
export interface Level {
  readonly widthMs: number;
  readonly kept: number;
}

const usualLevels: readonly Level[] = [
  { widthMs: 10_000, kept: 360 },
  { widthMs: 60_000, kept: 1440 },
  { widthMs: 900_000, kept: 90 * 96 },
];

/** Rows that are read before others have the thread: a millisecond or two. */
const pageSize = 100;
/** What cannot be written now goes with the next sample: readers are worth more. */
const mostTries = 5;

/**
 * The history in `files.db`. One process writes it. How much is kept is counted in rows, and what goes first is what lies farthest from now,
 * in either direction: no clock, however wrong, makes it grow, and one that is wrong for minutes costs only minutes of it.
 */
export class SqliteHistory implements History {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof prepareHistory>;
  readonly #now: () => number;
  readonly #levels: readonly Level[];
  /** A row that moves to another level while somebody reads would be told twice, or not at all. */
  readonly #oneAtATime = pLimit(1);

  constructor(file: string, { now, levels = usualLevels }: SqliteHistoryOptions) {
    this.#db = openFilesDatabase(file);
    this.#db.exec(`PRAGMA busy_timeout=${briefBusyMs}`);
    this.#sql = prepareHistory(this.#db);
    this.#now = now;
    this.#levels = levels;
  }

  add(sample: Sample): Promise<void> {
    return this.#oneAtATime(() =>
      briefTransaction(
        this.#db,
        () => {
          this.#put(0, sample);
          for (let level = 0; level < this.#levels.length; level++) this.#thin(level, sample.endMs);
        },
        mostTries,
      ),
    );
  }

  since(ms: number, atMost: number): Promise<readonly Sample[]> {
    return this.#oneAtATime(() => this.#since(ms, atMost));
  }

  async close(): Promise<void> {
    await this.#oneAtATime(() => this.#db.close());
  }

  #put(level: number, sample: Sample): void {
    const slot = spanNumber(sample.endMs, this.#levels[level]!.widthMs);
    const before = this.#sql.at.get(level, slot) as HistoryRow | undefined;
    this.#sql.set.run({ level, slot, ...rowOf(before ? rolledUp([sampleIn(before), sample]) : sample) });
  }

  #thin(level: number, nowMs: number): void {
    let { n } = this.#sql.count.get(level) as { n: number };
    for (; n > this.#levels[level]!.kept; n--) {
      const first = this.#sql.first.get(level) as unknown as HistoryRow;
      const last = this.#sql.last.get(level) as unknown as HistoryRow;
      const row = last.end_ms - nowMs > nowMs - first.end_ms ? last : first;
      this.#sql.remove.run(row.id);
      if (level + 1 < this.#levels.length) this.#put(level + 1, sampleIn(row));
    }
  }

  async #since(ms: number, atMost: number): Promise<readonly Sample[]> {
    const untilMs = this.#now();
    const range = this.#sql.range.get(ms, untilMs) as { first: number | null; last: number | null; n: number };
    if (range.first === null || range.last === null) return [];
    // Where nothing need be rolled up, only what ended in the same moment is.
    const widthMs = range.n <= atMost ? 1 : widthFor(range.first, range.last, atMost);
    const spans: Sample[] = [];
    let open: [Sample, ...Sample[]] | undefined;
    let [afterMs, afterId] = [ms, Number.MAX_SAFE_INTEGER];
    for (;;) {
      const rows = this.#sql.page.all({ afterMs, afterId, untilMs, limit: pageSize }) as unknown as HistoryRow[];
      for (const row of rows) {
        const sample = sampleIn(row);
        if (open && spanNumber(open[0].endMs, widthMs) === spanNumber(row.end_ms, widthMs)) open.push(sample);
        else {
          if (open) spans.push(rolledUp(open));
          open = [sample];
        }
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) break;
      [afterMs, afterId] = [last.end_ms, last.id];
      await breath();
    }
    return open ? [...spans, rolledUp(open)] : spans;
  }
}

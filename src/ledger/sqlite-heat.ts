import type { DatabaseSync } from 'node:sqlite';
import { openFilesDatabase } from './files-database.ts';
import type { Heat, KnownHeat, LogRead, Views } from './heat.ts';
import { type ClockSetting, HeatClock, logSum } from './heat-clock.ts';

export interface SqliteHeatOptions {
  readonly halfLifeMs: number;
  /** More keys are not kept: the coldest are forgotten. */
  readonly maxKeys: number;
  readonly nowMs: number;
  /** How long a write may wait for that of another process, and everything in this one with it. Default: 5 s. */
  readonly busyMs?: number;
}

/** As many logs are remembered, so that they are not counted twice: some years of them. */
const maxLogs = 2000;
/** Keys that are forgotten at once, so that nobody waits for it. */
const mostForgotten = 1000;

/** Heat in `files.db`. */
export class SqliteHeat implements Heat {
  readonly #db: DatabaseSync;
  readonly #clock: HeatClock;
  readonly #maxKeys: number;
  readonly #sql: ReturnType<typeof prepareHeat>;

  constructor(file: string, { halfLifeMs, maxKeys, nowMs, busyMs = 5000 }: SqliteHeatOptions) {
    this.#db = openFilesDatabase(file);
    this.#sql = prepareHeat(this.#db);
    this.#maxKeys = maxKeys;
    this.#clock = this.#clockFor(halfLifeMs, nowMs);
    this.#db.exec(`PRAGMA busy_timeout=${busyMs}`);
  }

  async add(views: readonly Views[], nowMs: number, read?: LogRead): Promise<void> {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const { key, views: count, atMs } of views) {
        const hot = Math.log2(count) + this.#clock.at(Math.min(atMs, nowMs));
        const before = this.#sql.hot.get(key) as { hot: number } | undefined;
        this.#sql.set.run(key, logSum(before?.hot ?? Number.NEGATIVE_INFINITY, hot));
      }
      if (read) this.#remember(read);
      const { n } = this.#sql.total.get() as { n: number };
      if (n > this.#maxKeys) this.#sql.forget.run(Math.min(n - this.#maxKeys, Math.max(views.length, mostForgotten)));
      this.#db.exec('COMMIT');
    } finally {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    }
  }

  async of(keys: readonly string[], nowMs: number): Promise<ReadonlyMap<string, number>> {
    const now = this.#clock.at(nowMs);
    const found = new Map<string, number>();
    for (const key of keys) {
      const row = this.#sql.hot.get(key) as { hot: number } | undefined;
      if (row) found.set(key, 2 ** (row.hot - now));
    }
    return found;
  }

  async hottest(
    after: Pick<KnownHeat, 'key' | 'place'> | undefined,
    limit: number,
    nowMs: number,
  ): Promise<readonly KnownHeat[]> {
    const now = this.#clock.at(nowMs);
    const { place, key } = after ?? { place: Number.POSITIVE_INFINITY, key: '' };
    const rows = this.#sql.hottest.all(place, key, limit) as unknown as { key: string; hot: number }[];
    return rows.map(({ key, hot }) => ({ key, heat: 2 ** (hot - now), place: hot }));
  }

  async keys(): Promise<number> {
    return (this.#sql.total.get() as { n: number }).n;
  }

  async logs(): Promise<readonly LogRead[]> {
    return this.#sql.logs.all() as unknown as LogRead[];
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #remember({ headBytes, headHash, takenBytes, takenHash }: LogRead): void {
    this.#sql.remember.run({ headBytes, headHash, takenBytes, takenHash });
    this.#sql.forgetLogs.run(maxLogs);
  }

  /** Goes on from what another half-life has left. */
  #clockFor(halfLifeMs: number, nowMs: number): HeatClock {
    const before = this.#sql.clock.get() as ClockSetting | undefined;
    if (before?.halfLifeMs === halfLifeMs) return new HeatClock(before);
    const clock = before
      ? HeatClock.goingOn(before, halfLifeMs, nowMs)
      : new HeatClock({ sinceMs: nowMs, halvings: 0, halfLifeMs });
    const { setting } = clock;
    this.#db.exec('BEGIN IMMEDIATE; DELETE FROM heat_clock');
    this.#db.prepare('INSERT INTO heat_clock VALUES (?, ?, ?)').run(setting.sinceMs, setting.halvings, halfLifeMs);
    this.#db.exec('COMMIT');
    return clock;
  }
}

function prepareHeat(db: DatabaseSync) {
  return {
    hot: db.prepare('SELECT hot FROM heat WHERE key = ?'),
    set: db.prepare('INSERT INTO heat VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET hot = excluded.hot'),
    hottest: db.prepare('SELECT key, hot FROM heat WHERE (hot, key) < (?, ?) ORDER BY hot DESC, key DESC LIMIT ?'),
    total: db.prepare('SELECT n FROM heat_total'),
    forget: db.prepare('DELETE FROM heat WHERE key IN (SELECT key FROM heat ORDER BY hot LIMIT ?)'),
    clock: db.prepare('SELECT since_ms AS sinceMs, halvings, half_life_ms AS halfLifeMs FROM heat_clock'),
    logs: db.prepare(
      `SELECT head_bytes AS headBytes, head_hash AS headHash, taken_bytes AS takenBytes, taken_hash AS takenHash
       FROM heat_logs ORDER BY id DESC`,
    ),
    remember: db.prepare(
      `INSERT OR REPLACE INTO heat_logs (head_bytes, head_hash, taken_bytes, taken_hash)
       VALUES (:headBytes, :headHash, :takenBytes, :takenHash)`,
    ),
    forgetLogs: db.prepare(
      'DELETE FROM heat_logs WHERE id <= (SELECT id FROM heat_logs ORDER BY id DESC LIMIT 1 OFFSET ?)',
    ),
  };
}

import type { DatabaseSync } from 'node:sqlite';
import type { KnownUse, SourceUse } from './proof.ts';

interface UseRow {
  watched_ms: number;
  last_ms: number | null;
  quiet_ms: number;
}

/** In the ledger's file: a few rows, one a source. */
export class SqliteSourceUse implements SourceUse {
  readonly #sql: ReturnType<typeof prepare>;

  /** Whoever opened the database closes it. */
  constructor(db: DatabaseSync) {
    this.#sql = prepare(db);
  }

  async watch(sources: readonly string[], nowMs: number): Promise<void> {
    this.#sql.watch.run(JSON.stringify(sources), nowMs);
  }

  async answered(source: string, nowMs: number): Promise<void> {
    this.#sql.answered.run({ source, nowMs });
  }

  async passed(sources: readonly string[], ms: number): Promise<void> {
    this.#sql.passed.run(Math.round(ms), JSON.stringify(sources));
  }

  async beginQuietAnew(sources: readonly string[]): Promise<void> {
    this.#sql.beginQuietAnew.run(JSON.stringify(sources));
  }

  async of(source: string): Promise<KnownUse | undefined> {
    const row = this.#sql.of.get(source) as UseRow | undefined;
    return row && { watchedMs: row.watched_ms, lastMs: row.last_ms ?? undefined, quietMs: row.quiet_ms };
  }
}

function prepare(db: DatabaseSync) {
  return {
    watch: db.prepare(
      `INSERT INTO source_use (source, watched_ms) SELECT value, ?2 FROM json_each(?1) WHERE true
       ON CONFLICT (source) DO NOTHING`,
    ),
    answered: db.prepare(
      `INSERT INTO source_use (source, watched_ms, last_ms) VALUES (:source, :nowMs, :nowMs)
       ON CONFLICT (source) DO UPDATE SET last_ms = max(coalesce(last_ms, 0), :nowMs), quiet_ms = 0`,
    ),
    passed: db.prepare(
      'UPDATE source_use SET quiet_ms = quiet_ms + ?1 WHERE source IN (SELECT value FROM json_each(?2))',
    ),
    beginQuietAnew: db.prepare(
      'UPDATE source_use SET quiet_ms = 0 WHERE quiet_ms > 0 AND source IN (SELECT value FROM json_each(?))',
    ),
    of: db.prepare('SELECT watched_ms, last_ms, quiet_ms FROM source_use WHERE source = ?'),
  };
}

import type { DatabaseSync } from 'node:sqlite';
import type { Retired } from './proof.ts';

/** In the ledger's file, so that it is in its backups: a source that was taken out must not come back with a restore. */
export class SqliteRetired implements Retired {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof prepare>;

  /** Whoever opened the database closes it. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sql = prepare(db);
  }

  async retire(source: string, nowMs: number): Promise<void> {
    this.#sql.retire.run(source, nowMs);
  }

  async restore(source: string): Promise<void> {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      this.#sql.restore.run(source);
      this.#sql.beginQuietAnew.run(source);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  async all(): Promise<readonly { readonly source: string; readonly sinceMs: number }[]> {
    const rows = this.#sql.all.all() as { source: string; since_ms: number }[];
    return rows.map(({ source, since_ms: sinceMs }) => ({ source, sinceMs }));
  }
}

function prepare(db: DatabaseSync) {
  return {
    retire: db.prepare('INSERT INTO retired (source, since_ms) VALUES (?, ?) ON CONFLICT (source) DO NOTHING'),
    restore: db.prepare('DELETE FROM retired WHERE source = ?'),
    beginQuietAnew: db.prepare('UPDATE source_use SET quiet_ms = 0 WHERE source = ?'),
    all: db.prepare('SELECT source, since_ms FROM retired ORDER BY source'),
  };
}

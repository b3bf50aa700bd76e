import type { DatabaseSync } from 'node:sqlite';
import type { CopyReason } from './ledger.ts';
import type { Failure, LedgerSummary, Weight } from './ledger-summary.ts';

/** Reads what triggers keep up to date. */
export class SqliteLedgerSummary implements LedgerSummary {
  readonly #sql: ReturnType<typeof prepare>;

  /** Whoever opened the database closes it. */
  constructor(db: DatabaseSync) {
    this.#sql = prepare(db);
  }

  async weights(): Promise<readonly Weight[]> {
    return this.#sql.weights.all() as unknown as Weight[];
  }

  async oldestFailure(): Promise<Failure | undefined> {
    const row = this.#sql.oldestFailure.get() as { reason: CopyReason | null; since_ms: number } | undefined;
    return row && { reason: row.reason ?? undefined, sinceMs: row.since_ms };
  }

  async failedSince(ms: number): Promise<number> {
    return (this.#sql.failedSince.get(ms) as { n: number }).n;
  }
}

function prepare(db: DatabaseSync) {
  return {
    weights: db.prepare(
      `SELECT status, class, n AS objects, bytes FROM weights WHERE n > 0 AND status <> 'none' ORDER BY status, class`,
    ),
    oldestFailure: db.prepare(
      `SELECT reason, since_ms FROM copies INDEXED BY copies_refused_since
       WHERE status = 'refused' ORDER BY since_ms LIMIT 1`,
    ),
    failedSince: db.prepare(
      `SELECT count(*) AS n FROM (SELECT 1 FROM copies INDEXED BY copies_refused_since
         WHERE status = 'refused' AND since_ms > ? LIMIT 1000)`,
    ),
  };
}

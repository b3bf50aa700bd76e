import type { DatabaseSync } from 'node:sqlite';
import type { TierShare, TierShares } from './tier-shares.ts';

/** Length of a slot, in milliseconds. */
const slotMs = 5 * 60 * 1000;
/** For how long slots are kept apart, in milliseconds. */
const keptMs = 24 * 3600 * 1000 + slotMs;

/** In the ledger's file: some hundred rows a tier at most. */
export class SqliteTierShares implements TierShares {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof prepare>;

  /** Whoever opened the database closes it. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sql = prepare(db);
  }

  async add(shares: readonly TierShare[], nowMs: number): Promise<void> {
    const slot = Math.floor(nowMs / slotMs) * slotMs;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const { tier, requests, bytes } of shares) this.#sql.add.run({ slot, tier, requests, bytes });
      this.#sql.fold.run({ before: nowMs - keptMs });
      this.#sql.drop.run({ before: nowMs - keptMs });
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  async since(ms: number | undefined): Promise<readonly TierShare[]> {
    // The slot that the time falls into began before it.
    const from = ms === undefined ? 0 : Math.max(1, ms - slotMs + 1);
    return this.#sql.since.all(from) as unknown as TierShare[];
  }
}

function prepare(db: DatabaseSync) {
  const add = (from: string) =>
    `INSERT INTO tier_shares (slot_ms, tier, requests, bytes) ${from}
     ON CONFLICT (slot_ms, tier) DO UPDATE SET requests = requests + excluded.requests, bytes = bytes + excluded.bytes`;
  return {
    add: db.prepare(add('VALUES (:slot, :tier, :requests, :bytes)')),
    fold: db.prepare(
      add(
        `SELECT 0, tier, sum(requests), sum(bytes) FROM tier_shares
         WHERE slot_ms > 0 AND slot_ms < :before GROUP BY tier HAVING true`,
      ),
    ),
    drop: db.prepare('DELETE FROM tier_shares WHERE slot_ms > 0 AND slot_ms < :before'),
    since: db.prepare(
      `SELECT tier, sum(requests) AS requests, sum(bytes) AS bytes FROM tier_shares WHERE slot_ms >= ?
       GROUP BY tier ORDER BY tier`,
    ),
  };
}

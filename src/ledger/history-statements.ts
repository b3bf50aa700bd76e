import type { DatabaseSync } from 'node:sqlite';

const facts =
  'end_ms, span_ms, copied_files, copied_bytes, failed, store_errors, above_files, above_bytes, below_files, below_bytes, answered, sources';
const given = facts.replaceAll(/\w+/g, ':$&');

/** Every statement about the history, prepared once. */
export function prepareHistory(db: DatabaseSync) {
  return {
    at: db.prepare(`SELECT id, ${facts} FROM history WHERE level = ? AND slot = ?`),
    set: db.prepare(`INSERT OR REPLACE INTO history (level, slot, ${facts}) VALUES (:level, :slot, ${given})`),
    count: db.prepare('SELECT count(*) AS n FROM history WHERE level = ?'),
    first: db.prepare(`SELECT id, ${facts} FROM history WHERE level = ? ORDER BY slot LIMIT 1`),
    last: db.prepare(`SELECT id, ${facts} FROM history WHERE level = ? ORDER BY slot DESC LIMIT 1`),
    remove: db.prepare('DELETE FROM history WHERE id = ?'),
    range: db.prepare(
      `SELECT min(end_ms) AS first, max(end_ms) AS last, count(*) AS n FROM history WHERE end_ms > ? AND end_ms <= ?`,
    ),
    page: db.prepare(
      `SELECT id, ${facts} FROM history WHERE (end_ms, id) > (:afterMs, :afterId) AND end_ms <= :untilMs
       ORDER BY end_ms, id LIMIT :limit`,
    ),
  };
}

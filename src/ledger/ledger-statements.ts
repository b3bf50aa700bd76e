import type { DatabaseSync } from 'node:sqlite';

const recorded = 'key, status, source, size, md5, mtime, reason, detail';

/** Every statement of the ledger, prepared once. */
export function prepareLedger(db: DatabaseSync) {
  return {
    identity: db.prepare('SELECT id, endpoint, bucket FROM ledger'),
    bind: db.prepare('UPDATE ledger SET endpoint = ?, bucket = ?'),
    copy: db.prepare(
      'SELECT status, since_ms, look, deleting, tries, failures, not_before_ms FROM copies WHERE key = ?',
    ),
    status: db.prepare('SELECT status FROM copies WHERE key = ?'),
    attempts: db.prepare(
      'SELECT id, generation, md5, size, source_acl AS sourceAcl, unconditional FROM attempts WHERE key = ?',
    ),
    ask: db.prepare(
      `INSERT INTO copies (key, status, since_ms, asks, asked_ms) VALUES (:key, 'wanted', :nowMs, :n, :nowMs)
       ON CONFLICT (key) DO UPDATE SET
         lane = 0,
         asks = asks + :n,
         asked_ms = coalesce(asked_ms, :nowMs),
         since_ms = iif(status = 'none' OR (status = 'refused' AND since_ms <= :reviveMs), :nowMs, since_ms),
         status = iif(status = 'none' OR (status = 'refused' AND since_ms <= :reviveMs), 'wanted', status)`,
    ),
    backfill: db.prepare(
      `INSERT INTO copies (key, status, since_ms, lane, place, source, size)
       VALUES (:key, 'wanted', :nowMs, 1, :place, :source, :size)
       ON CONFLICT (key) DO UPDATE SET
         lane = 1, place = :place, source = :source, size = :size, since_ms = :nowMs, status = 'wanted', tries = 0, failures = 0
       WHERE status = 'none' OR (status = 'refused' AND since_ms <= :reviveMs)`,
    ),
    /** To the lane of what was asked for; two statements, so that the partial indexes serve. */
    lift: [1, 0].map((ready) =>
      db.prepare(`UPDATE copies SET lane = 0 WHERE status = 'wanted' AND ready = ${ready} AND lane = 1 AND source = ?`),
    ),
    ensure: db.prepare("INSERT INTO copies (key, status, since_ms) VALUES (?, 'none', ?) ON CONFLICT (key) DO NOTHING"),
    setStatus: db.prepare(
      `UPDATE copies SET since_ms = iif(status = :status, since_ms, :nowMs), status = :status,
         tries = iif(:status = 'wanted', tries, 0), failures = iif(:status = 'wanted', failures, 0),
         asked_ms = iif(:status = 'wanted', coalesce(asked_ms, :nowMs), asked_ms) WHERE key = :key`,
    ),
    setLook: db.prepare('UPDATE copies SET look = :look, look_at_ms = iif(:look IS NULL, NULL, :at) WHERE key = :key'),
    setLookAt: db.prepare('UPDATE copies SET look_at_ms = ? WHERE key = ? AND look IS NOT NULL'),
    setDeleting: db.prepare('UPDATE copies SET deleting = ? WHERE key = ?'),
    setDetails: db.prepare(
      `UPDATE copies SET reason = iif(:keepReason, reason, :reason), source = coalesce(:source, source),
         size = coalesce(:size, size), md5 = coalesce(:md5, md5), mtime = coalesce(:mtime, mtime),
         detail = iif(:keepDetail, detail, :detail), failed = iif(:keepDetail, failed, :failed), not_before_ms = coalesce(:notBefore, not_before_ms),
         ready = iif(:notBefore IS NULL, ready, :notBefore <= :nowMs),
         tries = coalesce(:tries, tries),
         failures = coalesce(:failures, failures) WHERE key = :key`,
    ),
    /** A row that says nothing any more. */
    forget: db.prepare(
      `DELETE FROM copies WHERE key = ? AND status = 'none' AND look IS NULL AND deleting = 0
         AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.key = copies.key)`,
    ),
    dropAttempts: db.prepare('DELETE FROM attempts WHERE key = ?'),
    addAttempt: db.prepare(
      `INSERT INTO attempts (id, key, generation, md5, size, source_acl, unconditional)
       VALUES (:id, :key, :generation, :md5, :size, :sourceAcl, :unconditional)`,
    ),
    /** Keys whose wait is over; so many at once that nobody notices. */
    ripen: db.prepare(
      `UPDATE copies SET ready = 1 WHERE key IN (
         SELECT key FROM copies WHERE status = 'wanted' AND ready = 0 AND not_before_ms <= ? LIMIT 1000)`,
    ),
    ripe: db.prepare("SELECT 1 FROM copies WHERE status = 'wanted' AND ready = 0 AND not_before_ms <= ? LIMIT 1"),
    due: db.prepare(
      `SELECT key FROM copies INDEXED BY copies_wanted WHERE status = 'wanted' AND ready = 1 AND lane = 0 AND look IS NOT 0
       ORDER BY asks DESC, asked_ms LIMIT ?`,
    ),
    backfillDue: db.prepare(
      `SELECT key FROM copies INDEXED BY copies_backfill WHERE status = 'wanted' AND ready = 1 AND lane = 1
         AND source = ? AND look IS NOT 0 ORDER BY place LIMIT ?`,
    ),
    lastPlace: db.prepare(
      `SELECT max(place) AS place FROM copies INDEXED BY copies_backfill
       WHERE status = 'wanted' AND ready = 1 AND lane = 1 AND source = ?`,
    ),
    backfillReady: db.prepare(
      `SELECT count(*) AS n FROM copies INDEXED BY copies_backfill
       WHERE status = 'wanted' AND ready = 1 AND lane = 1 AND source = ?`,
    ),
    backfillTotals: db.prepare('SELECT source, n FROM backfill_totals WHERE n > 0'),
    looksDue: db.prepare(
      'SELECT key FROM copies WHERE look IS NOT NULL AND look_at_ms <= ? ORDER BY look_at_ms LIMIT ?',
    ),
    nextDue: db.prepare(
      `SELECT min(at) AS at FROM (
         SELECT min(not_before_ms) AS at FROM copies WHERE status = 'wanted' AND ready = 0 AND not_before_ms > :nowMs
         UNION ALL SELECT min(look_at_ms) FROM copies WHERE look IS NOT NULL AND look_at_ms > :nowMs)`,
    ),
    reopen: db.prepare(
      `UPDATE copies SET look = 0, look_at_ms = :nowMs
       WHERE look IS NOT NULL OR key IN (SELECT key FROM attempts)`,
    ),
    totals: db.prepare('SELECT status, n FROM totals'),
    gauges: db.prepare(
      `SELECT (SELECT min(asked_ms) FROM copies WHERE status = 'wanted' AND lane = 0) AS oldest,
         (SELECT count(*) FROM attempts) AS attempts,
         (SELECT count(*) FROM copies WHERE look IS NOT NULL AND look_at_ms <= :nowMs) AS looks`,
    ),
    page: db.prepare(`SELECT ${recorded} FROM copies WHERE key > ? AND status <> 'none' ORDER BY key LIMIT ?`),
    recorded: db.prepare(`SELECT ${recorded} FROM copies WHERE key = ? AND status <> 'none'`),
    /** One a status: written out, so that the partial indexes serve. */
    list: {
      wanted: list(db, "'wanted'"),
      copied: list(db, "'copied'"),
      superseded: list(db, "'superseded'"),
      refused: list(db, "'refused'"),
    },
  };
}

function list(db: DatabaseSync, status: string) {
  return db.prepare(`SELECT key, status, reason, tries FROM copies WHERE status = ${status} ORDER BY key LIMIT ?`);
}

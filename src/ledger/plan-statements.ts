import type { DatabaseSync } from 'node:sqlite';

/** Every statement of the plans, prepared once. */
export function preparePlan(db: DatabaseSync) {
  return {
    inForce: db.prepare('SELECT id, made_ms AS madeMs FROM plans WHERE made_ms IS NOT NULL ORDER BY id DESC LIMIT 1'),
    begin: db.prepare('INSERT INTO plans (made_ms) VALUES (NULL)'),
    finish: db.prepare('UPDATE plans SET made_ms = ? WHERE id = ?'),
    old: db.prepare('SELECT id FROM plans WHERE id <> :inForce AND id <> :making ORDER BY id LIMIT 1'),
    drop: db.prepare('DELETE FROM plans WHERE id = ?'),
    addPart: db.prepare('INSERT INTO plan_sources (plan, source) VALUES (?, ?)'),
    parts: db.prepare('SELECT part, source, files, bytes, taken FROM plan_sources WHERE plan = ? ORDER BY source'),
    grow: db.prepare('UPDATE plan_sources SET files = files + ?, bytes = bytes + ? WHERE part = ?'),
    owe: db.prepare('UPDATE plan_sources SET taken = ? WHERE part = ?'),
    shrink: db.prepare(
      'UPDATE plan_sources SET files = files - 1, bytes = bytes - :size, taken = taken + :size WHERE part = :part',
    ),
    dropPart: db.prepare('DELETE FROM plan_sources WHERE part = ?'),
    add: db.prepare('INSERT INTO plan_files (id, part, rank, key, size, before) VALUES (?, ?, ?, ?, ?, ?)'),
    byRank: db.prepare(
      'SELECT id, part, rank, key, size, before FROM plan_files WHERE part = ? ORDER BY rank, id LIMIT ?',
    ),
    byKey: db.prepare(
      'SELECT id, part, rank, key, size, before FROM plan_files WHERE id >= :from AND id < :before ORDER BY id LIMIT :limit',
    ),
    take: db.prepare('DELETE FROM plan_files WHERE part = ? AND rank = ? AND key = ? RETURNING size'),
    dropFiles: db.prepare(
      'DELETE FROM plan_files WHERE id IN (SELECT id FROM plan_files WHERE id >= :from AND id < :before LIMIT :limit)',
    ),
  };
}

import type { DatabaseSync } from 'node:sqlite';

const file = 'key, source, size, mtime_us, mode';
const scan =
  'id, source, by, began_ms, ended_ms, files, bytes, added, changed, vanished, findings, cursor, fingerprint';

/** Every statement about files, findings and scans, prepared once. */
export function prepareFiles(db: DatabaseSync) {
  return {
    sources: db.prepare('SELECT id, name, files, bytes, news_ms FROM file_sources ORDER BY name'),
    addSource: db.prepare('INSERT INTO file_sources (name) VALUES (?) ON CONFLICT (name) DO NOTHING'),
    source: db.prepare('SELECT id FROM file_sources WHERE name = ?'),

    after: db.prepare(`SELECT ${file} FROM files WHERE key > ? ORDER BY key, source LIMIT ?`),
    of: db.prepare(`SELECT ${file} FROM files WHERE key = ?`),
    seen: db.prepare('SELECT size, mtime_us, mode, seen FROM files WHERE key = ? AND source = ?'),
    add: db.prepare(
      `INSERT INTO files (key, source, size, mtime_us, mode, seen) VALUES (:key, :source, :size, :mtimeUs, :mode, :scan)`,
    ),
    change: db.prepare(
      'UPDATE files SET size = :size, mtime_us = :mtimeUs, mode = :mode, seen = :scan WHERE key = :key AND source = :source',
    ),
    see: db.prepare('UPDATE files SET seen = ? WHERE key = ? AND source = ?'),
    unseenBelow: db.prepare(
      `SELECT key, size FROM files WHERE key >= :from AND key > :after AND key < :to AND source = :source AND seen <> :scan
       ORDER BY key LIMIT :limit`,
    ),
    unseenAfter: db.prepare(
      'SELECT key, size FROM files WHERE key > :after AND source = :source AND seen <> :scan ORDER BY key LIMIT :limit',
    ),
    remove: db.prepare('DELETE FROM files WHERE key = ? AND source = ?'),
    news: db.prepare('UPDATE file_sources SET news_ms = ? WHERE id = ?'),
    total: db.prepare('UPDATE file_sources SET files = files + :files, bytes = bytes + :bytes WHERE id = :source'),

    scan: db.prepare(`SELECT ${scan} FROM scans WHERE id = ?`),
    newestEnded: db.prepare(
      `SELECT ${scan} FROM scans WHERE source = ? AND ended_ms IS NOT NULL ORDER BY id DESC LIMIT 1`,
    ),
    newestOpen: db.prepare(`SELECT ${scan} FROM scans WHERE source = ? AND ended_ms IS NULL ORDER BY id DESC LIMIT 1`),
    beginScan: db.prepare('INSERT INTO scans (source, by, fingerprint, began_ms) VALUES (?, ?, ?, ?) RETURNING id'),
    countScan: db.prepare(
      `UPDATE scans SET files = files + :files, bytes = bytes + :bytes, added = added + :added, changed = changed + :changed,
         vanished = vanished + :vanished, findings = findings + :findings WHERE id = :scan`,
    ),
    moveCursor: db.prepare('UPDATE scans SET cursor = ? WHERE id = ?'),
    endScan: db.prepare('UPDATE scans SET ended_ms = ?, cursor = NULL WHERE id = ?'),
    /** Scans of a source that nobody asks for any more: all but the newest that ended and a newer one. */
    spent: db.prepare(
      `SELECT id FROM scans WHERE source = :source AND id <> :kept
         AND id <> coalesce((SELECT max(id) FROM scans WHERE source = :source AND ended_ms IS NOT NULL), 0)`,
    ),
    dropScan: db.prepare('DELETE FROM scans WHERE id = ?'),

    find: db.prepare('INSERT INTO findings (scan, path, kind, detail) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'),
    findings: db.prepare('SELECT path, kind, detail FROM findings WHERE scan = ? ORDER BY path, kind LIMIT ? OFFSET ?'),
    findingKinds: db.prepare('SELECT kind, count(*) AS count FROM findings WHERE scan = ? GROUP BY kind ORDER BY kind'),
    findingsOfKind: db.prepare(
      'SELECT path, kind, detail FROM findings WHERE scan = ? AND kind = ? ORDER BY path LIMIT ?',
    ),
    dropFindings: db.prepare(
      `DELETE FROM findings WHERE (scan, path, kind) IN
         (SELECT scan, path, kind FROM findings WHERE scan = ? LIMIT ?)`,
    ),
  };
}

export type FilesStatements = ReturnType<typeof prepareFiles>;

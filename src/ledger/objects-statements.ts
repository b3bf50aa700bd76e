import type { DatabaseSync } from 'node:sqlite';

/** Every statement about objects and listings, prepared once. */
export function prepareObjects(db: DatabaseSync) {
  return {
    page: db.prepare('SELECT key, size, etag FROM objects WHERE key > ? ORDER BY key LIMIT ?'),
    object: db.prepare('SELECT key, size, etag FROM objects WHERE key = ?'),
    within: db.prepare('SELECT key, size, etag FROM objects WHERE key > ? AND key <= ? ORDER BY key LIMIT ?'),
    set: db.prepare(
      `INSERT INTO objects (key, size, etag) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET size = excluded.size, etag = excluded.etag`,
    ),
    remove: db.prepare('DELETE FROM objects WHERE key = ?'),
    clear: db.prepare('DELETE FROM objects WHERE key IN (SELECT key FROM objects LIMIT ?)'),
    change: db.prepare('INSERT OR REPLACE INTO object_changes (key, size, etag) VALUES (?, ?, ?)'),
    changes: db.prepare('SELECT key, size, etag FROM object_changes ORDER BY key LIMIT ?'),
    applied: db.prepare('DELETE FROM object_changes WHERE key <= ?'),
    clearChanges: db.prepare('DELETE FROM object_changes WHERE key IN (SELECT key FROM object_changes LIMIT ?)'),
    last: db.prepare(
      `SELECT began_ms AS beganMs, ended_ms AS endedMs, objects, bytes FROM listings
       WHERE ended_ms IS NOT NULL ORDER BY id DESC LIMIT 1`,
    ),
    open: db.prepare(
      'SELECT began_ms AS beganMs, ended_ms AS endedMs, objects, bytes FROM listings WHERE ended_ms IS NULL',
    ),
    begin: db.prepare('INSERT INTO listings (began_ms) VALUES (?)'),
    met: db.prepare('UPDATE listings SET objects = objects + ?, bytes = bytes + ? WHERE ended_ms IS NULL'),
    dropOlder: db.prepare('DELETE FROM listings WHERE ended_ms IS NOT NULL'),
    end: db.prepare('UPDATE listings SET ended_ms = ? WHERE ended_ms IS NULL'),
    drop: db.prepare('DELETE FROM listings WHERE ended_ms IS NULL'),
    ranges: db.prepare('SELECT id, after, up_to FROM listing_ranges ORDER BY after'),
    range: db.prepare('SELECT id, after, up_to FROM listing_ranges WHERE id = ?'),
    addRange: db.prepare('INSERT INTO listing_ranges (after, up_to) VALUES (?, ?)'),
    moveRange: db.prepare('UPDATE listing_ranges SET after = ? WHERE id = ?'),
    endRange: db.prepare('UPDATE listing_ranges SET up_to = ? WHERE id = ?'),
    dropRange: db.prepare('DELETE FROM listing_ranges WHERE id = ?'),
    dropRanges: db.prepare('DELETE FROM listing_ranges'),
  };
}

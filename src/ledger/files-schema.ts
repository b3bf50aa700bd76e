/**
 * What the sources hold: `files` in the order of its pages, some 110 bytes a row. A source is a number there, or its name would be in every
 * row. `news_ms`: when a scan last met a file that was new or had changed. `seen`: the scan that saw the file last; what a whole scan did not see has vanished. Numbers of scans are never given twice, or what a
 * dropped scan saw would count as seen by a later one. Times are milliseconds since the epoch, of files microseconds.
 */
export const filesMigration = `
  CREATE TABLE file_sources (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    files INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    news_ms INTEGER
  ) STRICT;
  CREATE TABLE files (
    key TEXT NOT NULL,
    source INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_us INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (key, source)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE scans (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source INTEGER NOT NULL,
    by TEXT NOT NULL CHECK (by IN ('walk', 'manifest')),
    began_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    files INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    added INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    vanished INTEGER NOT NULL DEFAULT 0,
    findings INTEGER NOT NULL DEFAULT 0,
    cursor TEXT
  ) STRICT;
  CREATE INDEX scans_source ON scans (source, id);
  CREATE TABLE findings (
    scan INTEGER NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT,
    PRIMARY KEY (scan, path, kind)
  ) STRICT, WITHOUT ROWID`;

/** What tells the disk that a scan goes through from another one at the same place. NULL: not known, and the scan is not gone on with. */
export const fingerprintMigration = 'ALTER TABLE scans ADD COLUMN fingerprint TEXT';

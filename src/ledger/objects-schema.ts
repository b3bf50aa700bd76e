/**
 * What the bucket holds, as its listings told. `objects` is the inventory of the last listing that ended, `object_changes` what a newer one
 * found otherwise so far (without a size: gone), `listing_ranges` what that one has still to go through. Keys sort by their UTF-8 bytes, as
 * S3's do: that is SQLite's order of text. An ETag that is an MD5 is 16 bytes, others are text.
 */
export const objectsMigration = `
  CREATE TABLE objects (
    key TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    etag ANY NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE object_changes (
    key TEXT PRIMARY KEY,
    size INTEGER,
    etag ANY
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE listings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    began_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    objects INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX listings_open ON listings (ended_ms IS NULL) WHERE ended_ms IS NULL;
  CREATE TABLE listing_ranges (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    after TEXT NOT NULL,
    up_to TEXT
  ) STRICT`;

/** Sources that were retired, and when each source last had to answer a reader. */
export const retireMigration = `
  CREATE TABLE retired (
    source TEXT PRIMARY KEY,
    since_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE source_use (
    source TEXT PRIMARY KEY,
    watched_ms INTEGER NOT NULL,
    last_ms INTEGER,
    quiet_ms INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID`;

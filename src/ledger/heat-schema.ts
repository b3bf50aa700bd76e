/**
 * How often keys are asked for. `hot` is the logarithm (base 2) of a key's views, each of which counts twice as much as one from a half-life
 * before: the sum grows with the clock instead of shrinking, so that no row is rewritten to age (`heat-clock.ts`).
 */
export const heatMigration = `
  CREATE TABLE heat (key TEXT PRIMARY KEY, hot REAL NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX heat_coldest ON heat (hot);
  CREATE TABLE heat_total (n INTEGER NOT NULL) STRICT;
  INSERT INTO heat_total VALUES (0);
  CREATE TRIGGER heat_insert AFTER INSERT ON heat BEGIN UPDATE heat_total SET n = n + 1; END;
  CREATE TRIGGER heat_delete AFTER DELETE ON heat BEGIN UPDATE heat_total SET n = n - 1; END;
  CREATE TABLE heat_clock (since_ms INTEGER NOT NULL, halvings REAL NOT NULL, half_life_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE heat_logs (
    id INTEGER PRIMARY KEY,
    head_bytes INTEGER NOT NULL,
    head_hash TEXT NOT NULL,
    taken_bytes INTEGER NOT NULL,
    taken_hash TEXT NOT NULL,
    UNIQUE (head_bytes, head_hash)
  ) STRICT`;

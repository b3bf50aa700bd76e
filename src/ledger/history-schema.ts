/**
 * How the move went. A row is a span of time: `level` 0 is as it was counted, higher ones are rolled up, and `slot` numbers the spans of a
 * level from the epoch on. `answered` and `sources` are JSON, by tier and by source: a handful of each, which nobody asks for alone.
 */
export const historyMigration = `
  CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    level INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    span_ms INTEGER NOT NULL,
    copied_files INTEGER NOT NULL,
    copied_bytes INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    store_errors INTEGER NOT NULL,
    above_files INTEGER,
    above_bytes INTEGER,
    below_files INTEGER,
    below_bytes INTEGER,
    answered TEXT NOT NULL,
    sources TEXT NOT NULL,
    UNIQUE (level, slot)
  ) STRICT;
  CREATE INDEX history_end ON history (end_ms, id)`;

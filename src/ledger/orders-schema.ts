/** What was ordered of the backfill by hand: one row, from the first order on. */
export const ordersMigration = `
  CREATE TABLE drain_orders (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    run TEXT CHECK (run IN ('running', 'paused')),
    run_since_ms INTEGER,
    limited INTEGER NOT NULL,
    bytes_per_second INTEGER,
    objects_per_second INTEGER
  ) STRICT`;

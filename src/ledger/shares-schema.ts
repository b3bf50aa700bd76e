/** Answers by tier in slots of some minutes; `slot_ms` 0 is everything older. */
export const sharesMigration = `
  CREATE TABLE tier_shares (
    slot_ms INTEGER NOT NULL,
    tier TEXT NOT NULL,
    requests INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (slot_ms, tier)
  ) STRICT, WITHOUT ROWID`;

/**
 * Uploads in parts: which attempts are unconditional, and what the store keeps until it is told that nothing will come of it. (Attempts of
 * before were unconditional where the store was, which is asked at every start.)
 */
export const partsMigration = `
  ALTER TABLE attempts ADD COLUMN unconditional INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE part_uploads (
    upload_id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    copy_id TEXT NOT NULL,
    begun_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`;

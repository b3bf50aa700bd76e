/**
 * Copies in two lanes: 0 those that were asked for, 1 those of the backfill, which come after. And what goes with the row: the source's
 * mtime, and more about the reason.
 */
export const laneMigration = `
  ALTER TABLE copies ADD COLUMN lane INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE copies ADD COLUMN mtime TEXT;
  ALTER TABLE copies ADD COLUMN detail TEXT`;

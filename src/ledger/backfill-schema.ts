/**
 * The second lane: its keys have places in the order in which the plan gave them, and indexes and a count of their own, so that those that were asked for are found
 * and counted as before, however many wait behind them.
 */
export const backfillMigration = `
  ALTER TABLE copies ADD COLUMN place INTEGER;
  DROP INDEX copies_wanted;
  CREATE INDEX copies_wanted ON copies (asks DESC, asked_ms) WHERE status = 'wanted' AND ready = 1 AND lane = 0;
  DROP INDEX copies_wanted_age;
  CREATE INDEX copies_wanted_age ON copies (asked_ms) WHERE status = 'wanted' AND lane = 0;
  CREATE INDEX copies_backfill ON copies (source, place) WHERE status = 'wanted' AND ready = 1 AND lane = 1;
  CREATE TABLE backfill_totals (source TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TRIGGER copies_backfill_insert AFTER INSERT ON copies WHEN new.status = 'wanted' AND new.lane = 1 BEGIN
    INSERT INTO backfill_totals VALUES (coalesce(new.source, ''), 1) ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER copies_backfill_leave AFTER UPDATE OF status, lane, source ON copies
    WHEN old.status = 'wanted' AND old.lane = 1 BEGIN
    UPDATE backfill_totals SET n = n - 1 WHERE source = coalesce(old.source, '');
  END;
  CREATE TRIGGER copies_backfill_enter AFTER UPDATE OF status, lane, source ON copies
    WHEN new.status = 'wanted' AND new.lane = 1 BEGIN
    INSERT INTO backfill_totals VALUES (coalesce(new.source, ''), 1) ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER copies_backfill_delete AFTER DELETE ON copies WHEN old.status = 'wanted' AND old.lane = 1 BEGIN
    UPDATE backfill_totals SET n = n - 1 WHERE source = coalesce(old.source, '');
  END`;

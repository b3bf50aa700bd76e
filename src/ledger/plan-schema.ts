/**
 * Plans: the newest that has a time is in force, one without is being made, all others are on their way out. A row's `id` says its place in
 * the order of keys within the plan's part of a source (`plan_sources`), see `plan-ids.ts`; `before` are the bytes of the files that stand
 * before it there. Some 130 bytes a file with its index.
 */
export const planMigration = `
  CREATE TABLE plans (id INTEGER PRIMARY KEY AUTOINCREMENT, made_ms INTEGER) STRICT;
  CREATE TABLE plan_sources (
    part INTEGER PRIMARY KEY AUTOINCREMENT,
    plan INTEGER NOT NULL,
    source TEXT NOT NULL,
    files INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    taken INTEGER NOT NULL DEFAULT 0,
    UNIQUE (plan, source)
  ) STRICT;
  CREATE TABLE plan_files (
    id INTEGER PRIMARY KEY,
    part INTEGER NOT NULL,
    rank REAL NOT NULL,
    key TEXT NOT NULL,
    size INTEGER NOT NULL,
    before INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX plan_order ON plan_files (part, rank)`;

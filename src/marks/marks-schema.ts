/** The tables of `marks.db`, one migration a version. Times are milliseconds since the epoch. */
export const marksMigrations = [
  `CREATE TABLE marks (
     key TEXT PRIMARY KEY,
     generation INTEGER NOT NULL,
     below TEXT NOT NULL CHECK (below IN ('open', 'closed')),
     shown TEXT NOT NULL CHECK (shown IN ('unset', 'public', 'private', 'gone'))
   ) STRICT, WITHOUT ROWID`,
  `ALTER TABLE marks ADD COLUMN changed_ms INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE marks ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
   CREATE INDEX marks_droppable ON marks (changed_ms)
     WHERE kept = 0 AND shown <> 'private' AND NOT (below = 'open' AND shown = 'public');
   CREATE TABLE intents (
     id TEXT PRIMARY KEY,
     key TEXT NOT NULL,
     kind TEXT NOT NULL CHECK (kind IN ('delete', 'put', 'acl-private', 'acl-public')),
     generation INTEGER NOT NULL,
     below_before TEXT NOT NULL,
     shown_before TEXT NOT NULL,
     shows TEXT,
     etag TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX intents_key ON intents (key, generation);
   CREATE TABLE floor (generation INTEGER NOT NULL) STRICT;
   INSERT INTO floor VALUES (0);
   CREATE TABLE uploads (
     id TEXT PRIMARY KEY,
     key TEXT NOT NULL,
     intent_id TEXT NOT NULL,
     acl TEXT,
     begun_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX uploads_begun ON uploads (begun_ms)`,
  'CREATE TABLE sources (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID',
];

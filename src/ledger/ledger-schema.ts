import { backfillMigration } from './backfill-schema.ts';
import { failuresMigration } from './failures-schema.ts';
import { laneMigration } from './lane-schema.ts';
import { ordersMigration } from './orders-schema.ts';
import { partsMigration } from './parts-schema.ts';
import { retireMigration } from './retire-schema.ts';
import { sharesMigration } from './shares-schema.ts';
import { verificationsMigration, verifiedNewsMigration, verifiedSampleMigration } from './verifications-schema.ts';
import { weightsMigration } from './weights-schema.ts';

/** The ledger's tables, one migration a version. Times are milliseconds since the epoch. */
export const ledgerMigrations = [
  `CREATE TABLE ledger (
     id TEXT NOT NULL,
     endpoint TEXT,
     bucket TEXT
   ) STRICT;
   CREATE TABLE copies (
     key TEXT PRIMARY KEY,
     status TEXT NOT NULL CHECK (status IN ('none', 'wanted', 'copied', 'superseded', 'refused')),
     since_ms INTEGER NOT NULL,
     asks INTEGER NOT NULL DEFAULT 0,
     asked_ms INTEGER,
     not_before_ms INTEGER NOT NULL DEFAULT 0,
     ready INTEGER NOT NULL DEFAULT 1,
     tries INTEGER NOT NULL DEFAULT 0,
     failures INTEGER NOT NULL DEFAULT 0,
     reason TEXT,
     source TEXT,
     size INTEGER,
     md5 TEXT,
     look INTEGER,
     look_at_ms INTEGER,
     deleting INTEGER NOT NULL DEFAULT 0
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX copies_wanted ON copies (asks DESC, asked_ms) WHERE status = 'wanted' AND ready = 1;
   CREATE INDEX copies_wanted_age ON copies (asked_ms) WHERE status = 'wanted';
   CREATE INDEX copies_not_before ON copies (not_before_ms) WHERE status = 'wanted' AND ready = 0;
   CREATE INDEX copies_refused ON copies (key) WHERE status = 'refused';
   CREATE INDEX copies_superseded ON copies (key) WHERE status = 'superseded';
   CREATE INDEX copies_look ON copies (look_at_ms) WHERE look IS NOT NULL;
   CREATE TABLE attempts (
     id TEXT PRIMARY KEY,
     key TEXT NOT NULL,
     generation INTEGER NOT NULL,
     md5 TEXT NOT NULL,
     size INTEGER NOT NULL,
     source_acl TEXT NOT NULL CHECK (source_acl IN ('public', 'private'))
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX attempts_key ON attempts (key);
   CREATE TABLE totals (status TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   INSERT INTO totals VALUES ('none', 0), ('wanted', 0), ('copied', 0), ('superseded', 0), ('refused', 0);
   CREATE TRIGGER copies_insert AFTER INSERT ON copies BEGIN
     UPDATE totals SET n = n + 1 WHERE status = new.status;
   END;
   CREATE TRIGGER copies_update AFTER UPDATE OF status ON copies WHEN old.status <> new.status BEGIN
     UPDATE totals SET n = n - 1 WHERE status = old.status;
     UPDATE totals SET n = n + 1 WHERE status = new.status;
   END;
   CREATE TRIGGER copies_delete AFTER DELETE ON copies BEGIN
     UPDATE totals SET n = n - 1 WHERE status = old.status;
   END`,
  laneMigration,
  backfillMigration,
  failuresMigration,
  ordersMigration,
  verificationsMigration,
  retireMigration,
  sharesMigration,
  weightsMigration,
  partsMigration,
  verifiedNewsMigration,
  verifiedSampleMigration,
];

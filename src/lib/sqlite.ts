import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperatorError } from './operator-error.ts';
import { createForOwner } from './owned-file.ts';

/**
 * Opens a database file: WAL, and every commit on the disk before it returns
 * (`synchronous=FULL`, https://www.sqlite.org/pragma.html#pragma_synchronous).
 * `migrations[n]` brings a file from version n to n+1, each in a transaction of its own, also where several processes
 * open it at once. A file of a later version is refused.
 */
export function openDatabase(file: string, migrations: readonly string[]): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true });
  createForOwner(file);
  const db = new DatabaseSync(file, { timeout: 5000 });
  try {
    db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
    migrate(db, file, migrations);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

function migrate(db: DatabaseSync, file: string, migrations: readonly string[]): void {
  const version = versionOf(db);
  if (version > migrations.length)
    throw new LaterVersionError('LATER_VERSION', {
      found: `${file} was written by a later version of this program (${version} > ${migrations.length})`,
      expected: `a file of version ${migrations.length} or earlier`,
      todo: 'start that later version again, or restore a backup from before (`upstairs ledger restore`)',
    });
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue;
    db.exec('BEGIN IMMEDIATE');
    // Another process may have been faster.
    if (versionOf(db) === index) db.exec(`${migration}; PRAGMA user_version=${index + 1};`);
    db.exec('COMMIT');
  }
}

function versionOf(db: DatabaseSync): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

/** A file of a later version: this program does not know what is in it. */
export class LaterVersionError extends OperatorError<'LATER_VERSION'> {}

import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { isDamage } from './sqlite-error.ts';

/**
 * Opens a database to look at it, and leaves nothing beside it. A reader of a file whose WAL was tidied away would make a new one, under
 * its own user: root's would lock its owner out. Without a WAL nobody writes, and the file is all there is
 * (https://www.sqlite.org/uri.html#uriimmutable).
 */
export function peekDatabase(file: string): DatabaseSync {
  const url = pathToFileURL(file);
  if (!hasWal(file)) url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true, timeout: 2000 });
}

/** What is wrong with a database, in SQLite's words; its indexes are not compared with its rows (PRAGMA quick_check). */
export function quickProblem(file: string): string | undefined {
  try {
    const db = peekDatabase(file);
    try {
      const row = db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string } | undefined;
      return row?.quick_check === 'ok' ? undefined : (row?.quick_check ?? 'it cannot be checked');
    } finally {
      db.close();
    }
  } catch (error) {
    if (isDamage(error)) return (error as Error).message;
    throw error;
  }
}

function hasWal(file: string): boolean {
  return statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined;
}

import { backup, DatabaseSync } from 'node:sqlite';
import { isDamage } from './sqlite-error.ts';

/**
 * Copies a database into a file of its own, as it is at one moment; its writers go on meanwhile. The copy has no `-wal` beside it.
 * Not flushed to the disk.
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5000 });
  try {
    // All pages in one step: between two steps a writer makes SQLite begin anew, and a busy database would never be done
    // (https://www.sqlite.org/c3ref/backup_finish.html). With a WAL the step does not hold writers up.
    await backup(source, to, { rate: 0x7fffffff });
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(to);
  try {
    // The copy claims a WAL, as its source has one; without it, it can be read from where nothing can be written.
    copy.exec('PRAGMA journal_mode=DELETE');
  } catch (error) {
    // What is damaged is for `databaseProblem` to tell.
    if (!isDamage(error)) throw error;
  } finally {
    copy.close();
  }
}

/** What is wrong with a database, in SQLite's words (https://www.sqlite.org/pragma.html#pragma_integrity_check); reads all of it. */
export function databaseProblem(file: string): string | undefined {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const row = db.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string } | undefined;
    return row?.integrity_check === 'ok' ? undefined : (row?.integrity_check ?? 'it cannot be checked');
  } catch (error) {
    if (isDamage(error)) return (error as Error).message;
    throw error;
  } finally {
    db.close();
  }
}

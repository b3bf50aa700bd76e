import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy } from './sqlite-error.ts';

/** How long a statement may hold the thread while another process writes, in milliseconds. */
export const briefBusyMs = 20;
/** Between two tries, in milliseconds, and how many there are if nothing else is said: for half a minute. */
const waitMs = 30;
const usualTries = 600;

/**
 * `work` in a transaction of its own. While another process writes to the file, others have the thread: SQLite itself would wait on it. For a
 * connection with `PRAGMA busy_timeout` of `briefBusyMs`. `work` runs at once, and once, wherever nobody is in the way.
 */
export async function briefTransaction<T>(db: DatabaseSync, work: () => T, mostTries = usualTries): Promise<T> {
  for (let tries = 1; !begun(db, tries < mostTries); tries++) await sleep(waitMs);
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK');
  }
}

function begun(db: DatabaseSync, mayFail: boolean): boolean {
  try {
    db.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (mayFail && isBusy(error)) return false;
    throw error;
  }
}

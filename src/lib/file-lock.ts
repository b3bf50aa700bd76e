import { DatabaseSync } from 'node:sqlite';
import { createForOwner } from './owned-file.ts';
import { isBusy } from './sqlite-error.ts';

/** How long someone who only tries may be in the way, in milliseconds. */
const usualPatienceMs = 500;

/**
 * A lock between the processes of one machine. Node has no flock(2), and a file with a process id in it outlives its process; SQLite's
 * lock is the kernel's, and ends with the process, however that ends (https://www.sqlite.org/lockingv3.html).
 * Nothing else in this process may open the file: closing any descriptor of it gives a POSIX lock up.
 */
export class FileLock {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Creates the file where it is missing. Undefined: another process holds the lock. Blocks, at most for so many milliseconds. */
  static take(file: string, patienceMs = usualPatienceMs): FileLock | undefined {
    createForOwner(file);
    const db = new DatabaseSync(file, { timeout: patienceMs });
    try {
      db.exec('BEGIN EXCLUSIVE');
      return new FileLock(db);
    } catch (error) {
      db.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
  }

  release(): void {
    this.#db.close();
  }
}

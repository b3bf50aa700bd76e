import type { DatabaseSync } from 'node:sqlite';

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers writes into one transaction, so that one fsync serves many. Writes are carried out in the order they came; a promise
 * resolves when its transaction is on the disk. A failing write takes its whole batch with it: each is told.
 */
export class BatchWriter {
  readonly #db: DatabaseSync;
  readonly #delayMs: number;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(db: DatabaseSync, delayMs: number) {
    this.#db = db;
    this.#delayMs = delayMs;
  }

  /** Writes what waits; later writes are refused. */
  close(): void {
    this.flush();
    this.#closed = true;
  }

  write(write: () => void): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the ledger is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#timer ??= setTimeout(() => this.flush(), this.#delayMs);
    });
  }

  /** Writes what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const { write } of batch) write();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { resolve } of batch) resolve();
  }
}

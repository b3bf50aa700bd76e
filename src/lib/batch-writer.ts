import type { DatabaseSync } from 'node:sqlite';

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A commit blocks the event loop until the disk has it; so many times as long as the last one took, others have the loop. */
const restTimes = 4;
/** But no longer, in milliseconds: also on a disk that takes hundreds for a commit most of the time is theirs. */
const mostRestMs = 1000;

/**
 * Gathers writes into one transaction, so that one fsync serves many. Writes are carried out in the order they came; a promise
 * resolves when its transaction is on the disk. A failing write takes its whole batch with it: each is told.
 */
export class BatchWriter {
  readonly #db: DatabaseSync;
  readonly #delayMs: number;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #closed = false;
  #restedMs = Number.NEGATIVE_INFINITY;
  #dueMs = Number.POSITIVE_INFINITY;

  /** `delayMs`: how long a write waits for company; 0: for what comes in the same turn of the event loop. */
  constructor(db: DatabaseSync, delayMs: number) {
    this.#db = db;
    this.#delayMs = delayMs;
  }

  /** Writes what waits; later writes are refused. */
  close(): void {
    this.flush();
    this.#closed = true;
  }

  /** What `write` returned, once it is on the disk. `patient`: nobody waits for it; where commits take long, it waits for more company. */
  write<T>(write: () => T, { patient = false }: { readonly patient?: boolean } = {}): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the database is closed'));
    return new Promise<T>((resolve, reject) => {
      let result: T;
      this.#waiting.push({
        write: () => {
          result = write();
        },
        resolve: () => resolve(result),
        reject,
      });
      if (this.#delayMs === 0) this.#immediate ??= setImmediate(() => this.flush());
      else this.#flushIn(patient ? Math.max(this.#delayMs, this.#restedMs - performance.now()) : this.#delayMs);
    });
  }

  #flushIn(ms: number): void {
    const atMs = performance.now() + ms;
    if (this.#timer && this.#dueMs <= atMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = atMs;
    this.#timer = setTimeout(() => this.flush(), ms);
  }

  /** Writes what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    const began = performance.now();
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const { write } of batch) write();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const { reject } of batch) reject(error);
      return;
    }
    const ended = performance.now();
    this.#restedMs = ended + Math.min(mostRestMs, restTimes * (ended - began));
    for (const { resolve } of batch) resolve();
  }
}

/** A reader's next operation follows its last one within so many milliseconds: it must not find the disk taken. */
const quietMs = 10;
/** While readers used the disk within so many milliseconds, those behind them come one at a time. */
const readingMs = 1000;
/** Readers without a pause still leave one operation in so many milliseconds, or what was begun would never end. */
const patienceMs = 200;
/** How often is looked whether it is quiet, in milliseconds. */
const everyMs = 4;

/**
 * Lets operations that can wait come behind those of readers, on one disk: they are begun while no reader's is under way or waits, and
 * one at a time while there are readers. A disk cannot be taken back from an operation, so one of them is what a reader may meet.
 */
export class BehindReaders {
  #readers = 0;
  #behind = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #passedMs = Number.NEGATIVE_INFINITY;

  /** Readers' operations under way or waiting. */
  get readers(): number {
    return this.#readers;
  }

  /** An operation of a reader's. */
  async reader<T>(operation: () => Promise<T>): Promise<T> {
    this.#readers += 1;
    try {
      return await operation();
    } finally {
      this.#readers -= 1;
      this.#lastMs = performance.now();
    }
  }

  /** An operation that can wait; it has not been begun before its turn. `free`: there is a place on the disk. */
  async behind<T>(operation: () => Promise<T>, free: () => boolean): Promise<T> {
    const sinceMs = performance.now();
    while (!this.#mayBegin(sinceMs, free)) await new Promise((resolve) => setTimeout(resolve, everyMs));
    this.#behind += 1;
    this.#passedMs = performance.now();
    try {
      return await operation();
    } finally {
      this.#behind -= 1;
    }
  }

  #mayBegin(sinceMs: number, free: () => boolean): boolean {
    if (!free()) return false;
    const now = performance.now();
    if (this.#readers === 0 && now - this.#lastMs > readingMs) return true;
    if (this.#behind > 0) return false;
    if (this.#readers === 0 && now - this.#lastMs > quietMs) return true;
    return now - Math.max(sinceMs, this.#passedMs) > patienceMs;
  }
}

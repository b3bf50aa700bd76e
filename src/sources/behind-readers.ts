/** A reader's next operation follows its last one within so many milliseconds: it must not find the disk taken. */
const quietMs = 10;
/** While readers used the disk within so many milliseconds, those behind them come one at a time. */
const readingMs = 1000;
/** Readers without a pause still leave one operation in so many milliseconds, or what was begun would never end. */
const patienceMs = 200;
/** How often is looked whether it is quiet, besides after each operation, in milliseconds. */
const everyMs = 4;

interface Waiting {
  readonly sinceMs: number;
  readonly free: () => boolean;
  readonly begin: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Lets operations that can wait come behind those of readers, on one disk: they are begun while no reader's is under way or waits, and
 * one at a time while there are readers. A disk cannot be taken back from an operation, so one of them is what a reader may meet.
 */
export class BehindReaders {
  #readers = 0;
  #behind = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #passedMs = Number.NEGATIVE_INFINITY;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

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
      this.#lookSoon();
    }
  }

  /** An operation that can wait; it has not been begun before its turn. `free`: there is a place on the disk. */
  async behind<T>(operation: () => Promise<T>, free: () => boolean): Promise<T> {
    const sinceMs = performance.now();
    if (this.#waiting.size === 0 && this.#mayBegin(sinceMs, free)) this.#begin();
    else await this.#turn({ sinceMs, free });
    try {
      return await operation();
    } finally {
      this.#behind -= 1;
      this.#lookSoon();
    }
  }

  /** Resolves when its turn has come: it counts as begun then. */
  #turn(waiting: Omit<Waiting, 'begin' | 'fail'>): Promise<void> {
    return new Promise<void>((begin, fail) => {
      this.#waiting.add({ ...waiting, begin, fail });
      this.#lookSoon();
    });
  }

  #begin(): void {
    this.#behind += 1;
    this.#passedMs = performance.now();
  }

  /** A place on the disk comes free only after the operation that had it. */
  #lookSoon(): void {
    if (this.#waiting.size > 0) this.#immediate ??= setImmediate(() => this.#look());
  }

  #look(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
    for (const waiting of this.#waiting) {
      if (!this.#mayBeTaken(waiting)) continue;
      this.#waiting.delete(waiting);
      this.#begin();
      waiting.begin();
      // It takes its place only now; whether there is one more is seen then.
      this.#lookSoon();
      return;
    }
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#look(), everyMs);
  }

  /** One that cannot be judged ends alone, and keeps nobody waiting. */
  #mayBeTaken(waiting: Waiting): boolean {
    try {
      return this.#mayBegin(waiting.sinceMs, waiting.free);
    } catch (error) {
      this.#waiting.delete(waiting);
      waiting.fail(error);
      return false;
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

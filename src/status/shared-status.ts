import type { Status } from './status.ts';

export interface SharedStatusOptions {
  /** Looks. */
  readonly status: () => Promise<Status>;
  /** For how long a look is good for others, in milliseconds. */
  readonly maxAgeMs: number;
  readonly now: () => number;
}

/** One look at the status for all who ask within `maxAgeMs`: pages and /api/status cost readers nothing. */
export class SharedStatus {
  readonly #options: SharedStatusOptions;
  #look: Promise<Status> | undefined;
  /** When the look had ended; undefined: it is under way, and everybody waits for it, however long it takes. */
  #endedMs: number | undefined;

  constructor(options: SharedStatusOptions) {
    this.#options = options;
  }

  /** Rejects where the look does; whoever asks after that has a new one. */
  now(): Promise<Status> {
    if (this.#look === undefined || !this.#isFresh) this.#look = this.#begin();
    return this.#look;
  }

  get #isFresh(): boolean {
    if (this.#endedMs === undefined) return true;
    const ageMs = this.#options.now() - this.#endedMs;
    // A clock that was put back must not keep an old look for hours.
    return ageMs >= 0 && ageMs < this.#options.maxAgeMs;
  }

  async #begin(): Promise<Status> {
    this.#endedMs = undefined;
    try {
      const status = await this.#options.status();
      this.#endedMs = this.#options.now();
      return status;
    } catch (error) {
      this.#endedMs = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }
}

import { SharedLook } from '../lib/shared-look.ts';
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
  readonly #look: SharedLook<Status>;

  constructor({ status, maxAgeMs, now }: SharedStatusOptions) {
    this.#look = new SharedLook({ look: status, maxAgeMs, now });
  }

  /** Rejects where the look does; whoever asks after that has a new one. */
  now(): Promise<Status> {
    return this.#look.now();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { CopyRequests } from '../copy/copy-requests.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { S3Error } from './s3-error.ts';

/** How often the ledger is asked whether the copy is there, in milliseconds. */
const pollMs = 20;

export interface CarryUpOptions {
  readonly copies: CopyRequests;
  readonly ledger: Pick<Ledger, 'status'>;
  readonly waitMs: number;
  /** Whether anything is copied at all: not in `phase: front`. */
  readonly moving: boolean;
  readonly now: () => number;
}

/** Carries a key up that only a source has, and waits for it: what is copied within the bucket must be there first. */
export class CarryUp {
  readonly #options: CarryUpOptions;

  constructor(options: CarryUpOptions) {
    this.#options = options;
  }

  /** True: it was copied. False: it was not, or not in time. Throws ServiceUnavailable in `phase: front`. */
  async carry(key: string, signal: AbortSignal): Promise<boolean> {
    const { copies, ledger, waitMs, moving, now } = this.#options;
    if (!moving)
      throw new S3Error(
        'ServiceUnavailable',
        'The source of the copy is on an old disk only, and nothing is copied yet (phase: front).',
      );
    const until = now() + waitMs;
    copies.request(key);
    while (now() < until) {
      await sleep(pollMs, undefined, { signal });
      const status = (await ledger.status(key))?.status;
      if (status === 'copied' || status === 'superseded') return true;
      if (status === 'refused') return false;
    }
    return false;
  }
}

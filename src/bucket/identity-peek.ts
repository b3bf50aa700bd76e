import type { LedgerFacts } from '../ledger/ledger-facts.ts';
import { idIn } from './bucket-binding.ts';
import type { Identity, IdentityState } from './identity.ts';

export interface IdentityPeekOptions {
  readonly bucket: string;
  readonly ledger: LedgerFacts;
  /** The identity object's text, read signed; undefined when it is missing. */
  readonly readIdentity: () => Promise<string | undefined>;
  /** Told of what could not be found out, and why. */
  readonly troubled: (error: unknown) => void;
}

/** Tells whether a bucket is a ledger's, for commands: it binds nothing, and writes nothing. */
export class IdentityPeek implements Pick<Identity, 'confirm'> {
  readonly #options: IdentityPeekOptions;

  constructor(options: IdentityPeekOptions) {
    this.#options = options;
  }

  /** Never throws. */
  async confirm(): Promise<IdentityState> {
    const { bucket, ledger, readIdentity, troubled } = this.#options;
    if (ledger.binding?.bucket !== bucket) return 'other';
    try {
      const found = idIn(await readIdentity());
      if (found === undefined) return 'absent';
      return found === ledger.id ? 'ours' : 'other';
    } catch (error) {
      troubled(error);
      return 'unknown';
    }
  }
}

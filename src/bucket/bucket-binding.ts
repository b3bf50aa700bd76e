import type { Ledger } from '../ledger/ledger.ts';
import type { BucketSetup } from './bucket-setup.ts';
import { type IdentityState, identityKey } from './identity.ts';

/** A bucket that must not be used, whatever it answers. */
export class BucketRefusedError extends Error {
  override readonly name = 'BucketRefusedError';
  readonly code = 'BUCKET_VERSIONED';
}

export interface BindingOptions {
  readonly endpoint: string;
  readonly bucket: string;
  readonly ledger: Pick<Ledger, 'id' | 'binding' | 'bind'>;
  readonly setup: BucketSetup;
  /** The identity object's text, read signed; undefined when it is missing. */
  readonly readIdentity: () => Promise<string | undefined>;
  /** Told of what a check could not find out, and why. */
  readonly troubled: (error: unknown) => void;
}

/**
 * Binds a ledger to a bucket, once, and checks later that it is still the same. The identity object is created only by a
 * ledger that was never bound, and only where none is.
 */
export class BucketBinding {
  readonly #options: BindingOptions;
  #conditional: boolean | undefined;
  #refused: BucketRefusedError | undefined;
  #stateIsNew = false;

  constructor(options: BindingOptions) {
    this.#options = options;
  }

  /** Whether PutObject honours `If-None-Match: *`; undefined until the bucket was found to be ours. */
  get conditional(): boolean | undefined {
    return this.#conditional;
  }

  get refused(): BucketRefusedError | undefined {
    return this.#refused;
  }

  /**
   * The bucket has an identity, and this ledger was never bound to any: the state is new or was lost, and what was deleted is not
   * known. No source may be used.
   */
  get stateIsNew(): boolean {
    return this.#stateIsNew;
  }

  /** Never throws: what cannot be found out is `unknown`. */
  async check(): Promise<IdentityState> {
    try {
      const state = await this.#compare();
      if (state === 'ours' && this.#conditional === undefined) await this.#examine();
      return state;
    } catch (error) {
      if (error instanceof BucketRefusedError) this.#refused = error;
      this.#options.troubled(error);
      return 'unknown';
    }
  }

  async #compare(): Promise<IdentityState> {
    const { ledger, readIdentity, bucket, endpoint } = this.#options;
    const binding = await ledger.binding();
    if (binding && binding.bucket !== bucket) return 'other';
    const found = idIn(await readIdentity());
    this.#stateIsNew = binding === undefined && found !== undefined && found !== ledger.id;
    if (found === ledger.id) {
      if (binding?.endpoint !== endpoint) await ledger.bind({ endpoint, bucket });
      return 'ours';
    }
    if (found !== undefined) return 'other';
    return binding ? 'absent' : await this.#bind();
  }

  /** First contact: the ledger was never bound and the bucket has no identity. */
  async #bind(): Promise<IdentityState> {
    const { ledger, setup, bucket, endpoint, readIdentity } = this.#options;
    await this.#refuseVersions();
    await setup.create(identityKey, JSON.stringify({ ledger: ledger.id }));
    // Whoever won, and on whatever kind of store: what counts is what is there.
    if (idIn(await readIdentity()) !== ledger.id) return 'other';
    await ledger.bind({ endpoint, bucket });
    return 'ours';
  }

  async #examine(): Promise<void> {
    await this.#refuseVersions();
    this.#conditional = await this.#options.setup.honoursIfNoneMatch();
  }

  async #refuseVersions(): Promise<void> {
    if (await this.#options.setup.versioned())
      throw new BucketRefusedError(
        'the bucket keeps versions (or kept them once): deleted media would stay readable. Use a bucket that never had versioning on.',
      );
  }
}

function idIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const { ledger } = JSON.parse(text) as { ledger?: unknown };
    return typeof ledger === 'string' ? ledger : '';
  } catch {
    // Something else under our name: an identity, and not ours.
    return '';
  }
}

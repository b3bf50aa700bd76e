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
  #bound = false;
  #foreign = false;

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
   * Whether this ledger is bound to a bucket, now or from before. One that is not is new, or what it knew was lost: what was deleted is
   * not known, and no source may be used.
   */
  get bound(): boolean {
    return this.#bound;
  }

  /** The ledger is new, and the bucket belongs to another. */
  get foreign(): boolean {
    return this.#foreign;
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
    this.#bound = binding !== undefined;
    if (binding && binding.bucket !== bucket) return 'other';
    const found = idIn(await readIdentity());
    this.#foreign = binding === undefined && found !== undefined && found !== ledger.id;
    if (found === ledger.id) {
      if (binding?.endpoint !== endpoint) await ledger.bind({ endpoint, bucket });
      this.#bound = true;
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
    this.#bound = true;
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

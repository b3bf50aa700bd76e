import type { Ledger } from '../ledger/ledger.ts';
import { OperatorError } from '../lib/operator-error.ts';
import type { BucketSetup } from './bucket-setup.ts';
import { type IdentityState, identityKey } from './identity.ts';

/** A bucket that must not be used, whatever it answers. */
export class BucketRefusedError extends OperatorError<'BUCKET_VERSIONED' | 'BUCKET_ACLS'> {}

export interface BindingOptions {
  readonly endpoint: string;
  readonly bucket: string;
  readonly ledger: Pick<Ledger, 'id' | 'binding' | 'bind'>;
  readonly setup: BucketSetup;
  /** The identity object's text, read signed; undefined when it is missing. */
  readonly readIdentity: () => Promise<string | undefined>;
  /** Given where reads are signed, which no ACL stops: the status that a stranger's GET of a key is answered with. */
  readonly publicStatus?: (key: string) => Promise<number>;
  /** Told of what a check could not find out, and why. */
  readonly troubled: (error: unknown) => void;
  /**
   * Given where the operator accepts that what another ledger knew is lost: one that was never bound may take the bucket over. Told once,
   * when the ledger is bound, from which ledger it was taken; undefined: there was nothing to accept.
   */
  readonly acceptLoss?: (from: string | undefined) => void;
}

/**
 * Binds a ledger to a bucket, once, and checks later that it is still the same. The identity object is created only by a
 * ledger that was never bound, and only where none is; it is replaced only where the operator accepts the loss.
 */
export class BucketBinding {
  readonly #options: BindingOptions;
  #conditional: boolean | undefined;
  #refused: BucketRefusedError | undefined;
  #bound = false;
  #foreign = false;
  #acceptLoss: BindingOptions['acceptLoss'];
  #lost: string | undefined;

  constructor(options: BindingOptions) {
    this.#options = options;
    this.#acceptLoss = options.acceptLoss;
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
      if (this.#bound) this.#tellLoss();
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
    if (found !== undefined) return this.#foreign ? await this.#takeOver(found) : 'other';
    return binding ? 'absent' : await this.#bind();
  }

  /** First contact: the ledger was never bound and the bucket has no identity. */
  async #bind(): Promise<IdentityState> {
    const { ledger, setup } = this.#options;
    await this.#refuseVersions();
    await setup.create(identityKey, JSON.stringify({ ledger: ledger.id }));
    return this.#bindIfOurs();
  }

  /**
   * The same, where another ledger's identity is, and that ledger is lost. The loss of one ledger was accepted, the first that was found:
   * who takes the bucket over at the same time, or later, is left alone. Broken off after the write, the next check finds it ours.
   */
  async #takeOver(found: string): Promise<IdentityState> {
    if (!this.#acceptLoss) return 'other';
    this.#lost ??= found;
    if (found !== this.#lost) return 'other';
    const { ledger, setup } = this.#options;
    await this.#refuseVersions();
    await setup.replace(identityKey, JSON.stringify({ ledger: ledger.id }));
    return this.#bindIfOurs();
  }

  /** Whoever won, and on whatever kind of store: what counts is what is there. */
  async #bindIfOurs(): Promise<IdentityState> {
    const { ledger, bucket, endpoint, readIdentity } = this.#options;
    if (idIn(await readIdentity()) !== ledger.id) return 'other';
    await ledger.bind({ endpoint, bucket });
    this.#bound = true;
    this.#foreign = false;
    return 'ours';
  }

  #tellLoss(): void {
    this.#acceptLoss?.(this.#lost);
    this.#acceptLoss = undefined;
  }

  async #examine(): Promise<void> {
    await this.#refuseVersions();
    await this.#refuseAcls();
    this.#conditional = await this.#options.setup.honoursIfNoneMatch();
  }

  async #refuseVersions(): Promise<void> {
    if (await this.#options.setup.versioned())
      throw new BucketRefusedError('BUCKET_VERSIONED', {
        found: 'the bucket keeps versions (or kept them once), and what is deleted would stay readable',
        expected: 'a bucket that never had versioning on',
        todo: 'make a new bucket without versioning, and name it in bucket.name',
      });
  }

  /** Signed reads would show what somebody hid with an ACL. */
  async #refuseAcls(): Promise<void> {
    const { setup, publicStatus } = this.#options;
    if (publicStatus && (await setup.honoursAcls(publicStatus)))
      throw new BucketRefusedError('BUCKET_ACLS', {
        found: 'the bucket honours object ACLs, and signed reads would show what they hide',
        expected: 'a bucket without ACLs where bucket.acls is false',
        todo: 'set bucket.acls: true and bucket.reads: anonymous',
      });
  }
}

/** The ledger that an identity object names: '' where it is something else, undefined where there is none. */
export function idIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const { ledger } = JSON.parse(text) as { ledger?: unknown };
    return typeof ledger === 'string' ? ledger : '';
  } catch {
    // Something else under our name: an identity, and not ours.
    return '';
  }
}

import type { Identity } from '../bucket/identity.ts';
import type { ObjectStore } from '../bucket/object-store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Marks } from '../marks/marks.ts';
import type { Leases } from '../protocol/leases.ts';
import { hides, putOpen } from '../protocol/state.ts';

export interface RecopyOptions {
  readonly ledger: Pick<Ledger, 'change' | 'ask'>;
  readonly marks: Pick<Marks, 'record'>;
  readonly store: Pick<ObjectStore, 'look'>;
  readonly identity: Pick<Identity, 'confirm'>;
  readonly leases: Leases;
  /** False: nothing is copied in this phase. */
  readonly copying: boolean;
  /** What is remembered of it is to be forgotten: that it is missing, and what was cached. */
  readonly purge: (key: string) => void;
  readonly now: () => number;
}

/**
 * `wanted`: it will be copied again · `closed`: it was deleted or replaced through the write host, and no source may be used for it · `unsettled`:
 * a client's upload has no known outcome yet · `exists`: the bucket has an object there, which a copy never overwrites · `unavailable`: the bucket
 * cannot be asked · `busy`: somebody else works on the key · `front`: nothing is copied in this phase.
 */
export type RecopyAnswer =
  | { readonly kind: 'wanted' | 'closed' | 'unsettled' | 'unavailable' | 'busy' | 'front' }
  | { readonly kind: 'exists'; readonly size: number; readonly md5: string | undefined };

/** How long a lease is waited for, in milliseconds. */
const leaseWaitMs = 3000;

/**
 * The operator's decision about a key that was copied and that the bucket lost: it is wanted again, whatever the ledger says. Everything else goes
 * as with any copy: the mark comes first, and nothing that is there is overwritten.
 */
export class Recopy {
  readonly #options: RecopyOptions;

  constructor(options: RecopyOptions) {
    this.#options = options;
  }

  async recopy(key: string): Promise<RecopyAnswer> {
    const { leases, copying } = this.#options;
    if (!copying) return { kind: 'front' };
    let disturbed = false;
    const disturb = () => {
      disturbed = true;
    };
    const letGo = await leases.acquire(key, { disturb }, leaseWaitMs);
    if (!letGo) return { kind: 'busy' };
    try {
      return await this.#decide(key, () => disturbed);
    } finally {
      letGo();
    }
  }

  async #decide(key: string, disturbed: () => boolean): Promise<RecopyAnswer> {
    const { ledger, marks, store, identity, purge, now } = this.#options;
    const look = await store.look(key);
    if (look.kind === 'unavailable' || (await identity.confirm()) !== 'ours') return { kind: 'unavailable' };
    const record = await marks.record(key);
    if (hides(record.mark)) return { kind: 'closed' };
    if (putOpen(record) || disturbed()) return { kind: 'unsettled' };
    if (look.kind === 'object') return { kind: 'exists', size: look.facts.size, md5: look.facts.md5 };
    const again = { reason: null, tries: 0, failures: 0, notBeforeMs: now() };
    const changed = ledger.change(key, { status: 'wanted' }, again, now());
    // An ask besides, since somebody wants it: the first lane.
    await Promise.all([changed, ledger.ask(new Map([[key, 1]]), now(), now())]);
    purge(key);
    return { kind: 'wanted' };
  }
}

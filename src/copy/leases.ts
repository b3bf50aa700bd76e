/** What holds a lease: a copy can be cancelled and lets go at once; a reconcile is waited for. */
export interface LeaseHolder {
  readonly cancel?: () => void;
}

/** One lease a key: one mutation, one copy or one reconcile at a time. In memory: a restart frees them all. */
export class Leases {
  readonly #held = new Map<string, LeaseHolder>();

  /** Takes the lease; returns how to let go, or undefined when it is taken. */
  take(key: string, holder: LeaseHolder): (() => void) | undefined {
    if (this.#held.has(key)) return undefined;
    this.#held.set(key, holder);
    return () => {
      if (this.#held.get(key) === holder) this.#held.delete(key);
    };
  }

  taken(key: string): boolean {
    return this.#held.has(key);
  }
}

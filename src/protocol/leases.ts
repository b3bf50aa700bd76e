/** What holds a lease: a copy can be cancelled and lets go at once; a reconcile or another mutation is waited for. */
export interface LeaseHolder {
  readonly cancel?: () => void;
  /** A mutation is about to be recorded without the lease: leave a look behind. */
  readonly disturb?: () => void;
}

export type LetGo = () => void;

/**
 * One lease a key: one mutation, one copy or one reconcile at a time. In memory: a restart frees them all. Who waits gets it in turn, and
 * before anybody who only tries.
 */
export class Leases {
  readonly #held = new Map<string, LeaseHolder>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Takes the lease; returns how to let go, or undefined when it is taken. */
  take(key: string, holder: LeaseHolder): LetGo | undefined {
    return this.taken(key) ? undefined : this.#hold(key, holder);
  }

  taken(key: string): boolean {
    return this.#held.has(key);
  }

  /** Takes the lease, waiting for it so many milliseconds; a copy that holds it is cancelled. Undefined: it is still taken. */
  async acquire(key: string, holder: LeaseHolder, waitMs: number): Promise<LetGo | undefined> {
    const free = this.take(key, holder);
    if (free) return free;
    const queue = this.#waiting.get(key) ?? [];
    this.#waiting.set(key, queue);
    return await new Promise((resolve) => {
      const turn = () => {
        clearTimeout(timer);
        resolve(this.#hold(key, holder));
      };
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(turn), 1);
        if (queue.length === 0 && this.#waiting.get(key) === queue) this.#waiting.delete(key);
        resolve(undefined);
      }, waitMs);
      queue.push(turn);
      // Once this is in the queue: whoever is cancelled may let go at once.
      this.#held.get(key)?.cancel?.();
    });
  }

  /** Tells who holds the lease that a mutation is about to be recorded without it. */
  disturb(key: string): void {
    this.#held.get(key)?.disturb?.();
  }

  #hold(key: string, holder: LeaseHolder): LetGo {
    this.#held.set(key, holder);
    return () => {
      if (this.#held.get(key) !== holder) return;
      this.#held.delete(key);
      const next = this.#waiting.get(key)?.shift();
      if (this.#waiting.get(key)?.length === 0) this.#waiting.delete(key);
      next?.();
    };
  }
}

import type { Identity, IdentityState } from './identity.ts';

/**
 * Checks the identity object: now and then, and whenever an absence is about to be believed. At most one check is under way;
 * who asks while one is, shares the next, so a flood of misses costs one small request a round trip.
 */
export class IdentityGuard implements Identity {
  readonly #check: () => Promise<IdentityState>;
  readonly #changed: (state: IdentityState) => void;
  #state: IdentityState = 'unknown';
  #running: Promise<IdentityState> | undefined;
  #next: Promise<IdentityState> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `check` reads the object and never throws; `changed` is told when the state becomes another. */
  constructor(check: () => Promise<IdentityState>, changed: (state: IdentityState) => void) {
    this.#check = check;
    this.#changed = changed;
  }

  get state(): IdentityState {
    return this.#state;
  }

  confirm(): Promise<IdentityState> {
    if (!this.#running) return this.#begin();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  /** Checks every `everyMs`, more often while the bucket is not known to be ours. */
  watch(everyMs: number): void {
    const again = () => {
      const wait = this.#state === 'ours' ? everyMs : Math.min(everyMs, 2000);
      this.#timer = setTimeout(() => void this.confirm().then(again), wait);
    };
    again();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #begin(): Promise<IdentityState> {
    this.#running = this.#check().then((state) => {
      this.#running = undefined;
      if (state !== this.#state) {
        this.#state = state;
        this.#changed(state);
      }
      return state;
    });
    return this.#running;
  }
}

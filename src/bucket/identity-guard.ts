import { FreshCheck } from '../lib/fresh-check.ts';
import type { Identity, IdentityState } from './identity.ts';

/** How often it is checked while the bucket is not known to be ours, in milliseconds. */
const anxiousMs = 2000;

/**
 * Checks the identity object: now and then, and whenever an absence is about to be believed. A flood of misses costs one small request
 * a round trip.
 */
export class IdentityGuard implements Identity {
  readonly #check: () => Promise<IdentityState>;
  readonly #changed: (state: IdentityState) => void;
  readonly #fresh = new FreshCheck(() => this.#look());
  #state: IdentityState = 'unknown';
  #trusted = false;
  #timer: NodeJS.Timeout | undefined;
  #everyMs: number | undefined;

  /** `check` reads the object and never throws; `changed` is told when the state becomes another. */
  constructor(check: () => Promise<IdentityState>, changed: (state: IdentityState) => void) {
    this.#check = check;
    this.#changed = changed;
  }

  get state(): IdentityState {
    return this.#state;
  }

  get trusted(): boolean {
    return this.#trusted;
  }

  confirm(maxAgeMs?: number): Promise<IdentityState> {
    return this.#fresh.ask(maxAgeMs);
  }

  /** Checks every `everyMs`, more often while the bucket is not known to be ours. */
  watch(everyMs: number): void {
    this.#everyMs = everyMs;
    this.#arm();
  }

  stop(): void {
    this.#everyMs = undefined;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#everyMs === undefined) return;
    clearTimeout(this.#timer);
    const waitMs = this.#state === 'ours' ? this.#everyMs : Math.min(this.#everyMs, anxiousMs);
    this.#timer = setTimeout(() => void this.confirm(), waitMs);
  }

  async #look(): Promise<IdentityState> {
    const state = await this.#check();
    if (state !== 'unknown') this.#trusted = state === 'ours';
    if (state !== this.#state) {
      this.#state = state;
      this.#changed(state);
    }
    this.#arm();
    return state;
  }
}

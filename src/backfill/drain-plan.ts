import type { Plan } from './plan.ts';

export interface DrainPlanOptions {
  readonly plan: Plan;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
  /** A plan is whole. */
  readonly made: (files: number, bytes: number) => void;
}

/** Even with a reason, it is not made more often than this while there is something left of it, in milliseconds. */
const oftenMs = 3600_000;
/** Without a reason, and after one that could not be made: the first wait doubles up to the last. */
const firstRestMs = 600_000;
const lastRestMs = 6 * 3600_000;
const afterFailureMs = 60_000;

/** When the plan is made anew: at once when it is through and something has changed since, and now and then in any case. */
export class DrainPlan {
  readonly #options: DrainPlanOptions;
  readonly #stopped = new AbortController();
  #making: Promise<void> | undefined;
  /** A scan, a listing or the like has ended since the last one was begun. */
  #changed = true;
  #notBeforeMs = 0;
  #oftenMs = 0;
  #restMs = firstRestMs;
  #made = 0;

  constructor(options: DrainPlanOptions) {
    this.#options = options;
  }

  get making(): boolean {
    return this.#making !== undefined;
  }

  /** How many were made since the start. */
  get made(): number {
    return this.#made;
  }

  /** One from before the start, made then: it is good for a time. Undefined: there is none. */
  found(madeMs: number | undefined): void {
    if (madeMs === undefined) return;
    this.#changed = false;
    this.#oftenMs = madeMs + oftenMs;
  }

  changed(): void {
    this.#changed = true;
    this.#restMs = firstRestMs;
  }

  /** Makes it anew if that is worthwhile; it goes on beside the caller. `through`: nothing is left of the one there is. */
  look(through: boolean): void {
    const now = this.#options.now();
    const worthwhile = through ? this.#changed || now >= this.#notBeforeMs : this.#changed && now >= this.#oftenMs;
    if (!worthwhile || this.#making || this.#stopped.signal.aborted) return;
    this.#making = this.#make().finally(() => {
      this.#making = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#making;
  }

  async #make(): Promise<void> {
    const { plan, now, failed, made } = this.#options;
    const reason = this.#changed;
    this.#changed = false;
    this.#oftenMs = now() + oftenMs;
    try {
      const { files, bytes } = await plan.make(this.#stopped.signal);
      this.#made += 1;
      if (!reason && files === 0) this.#restMs = Math.min(lastRestMs, this.#restMs * 2);
      else this.#restMs = firstRestMs;
      this.#notBeforeMs = now() + this.#restMs;
      made(files, bytes);
    } catch (error) {
      this.#notBeforeMs = now() + afterFailureMs;
      if (!this.#stopped.signal.aborted) failed(error);
    }
  }
}

import type { Listing, Objects } from '../ledger/objects.ts';
import type { Inventory } from './inventory.ts';

export interface InventoryEvents {
  readonly began: () => void;
  readonly ended: (listing: Listing) => void;
  readonly failed: (error: unknown) => void;
}

export interface PeriodicInventoryOptions {
  readonly inventory: Pick<Inventory, 'run'>;
  readonly objects: Pick<Objects, 'listings'>;
  /** For the time of one inventory; undefined: another process makes one. */
  readonly lock: () => { release(): void } | undefined;
  /** How old the last one may become, in milliseconds. */
  readonly everyMs: number;
  /** How often it is looked whether one is due, in milliseconds. */
  readonly checkMs: number;
  /** Least time after a failure, in milliseconds. */
  readonly retryMs: number;
  readonly now: () => number;
  readonly events: InventoryEvents;
}

/** Lists the bucket when there is no listing or it is too old, beside everything else. */
export class PeriodicInventory {
  readonly #options: PeriodicInventoryOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #notBeforeMs = 0;

  constructor(options: PeriodicInventoryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#look();
  }

  /** What was listed stays for the next time. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the program ends'));
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #look(): Promise<void> {
    const { events, now, retryMs, checkMs } = this.#options;
    try {
      if (now() >= this.#notBeforeMs && (await this.#due())) await this.#list();
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#notBeforeMs = now() + retryMs;
      events.failed(error);
    }
    if (this.#stopped.signal.aborted) return;
    this.#timer = setTimeout(() => this.start(), checkMs);
  }

  async #due(): Promise<boolean> {
    const { objects, everyMs, now } = this.#options;
    const { last } = await objects.listings();
    return last?.endedMs === undefined || now() - last.endedMs >= everyMs;
  }

  async #list(): Promise<void> {
    const { inventory, lock, events } = this.#options;
    const held = lock();
    if (held === undefined) return;
    try {
      events.began();
      events.ended(await inventory.run({ fresh: false, signal: this.#stopped.signal }));
    } finally {
      held.release();
    }
  }
}

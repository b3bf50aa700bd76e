import type { Ledger } from '../ledger/ledger.ts';

/** Different keys that may wait for the next batch; asks beyond are dropped and asked again by the next reader. */
const maxKeys = 10_000;

/** A key that was given up is tried again when somebody still asks for it after so many milliseconds. */
const reviveAfterMs = 24 * 3600 * 1000;

/** Gathers asks for copies, so that two hundred readers of one key are one write. */
export class AskBuffer {
  readonly #ledger: Pick<Ledger, 'ask'>;
  readonly #options: { delayMs: number; now: () => number; stored: () => void; failed: (error: unknown) => void };
  #asks = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    ledger: Pick<Ledger, 'ask'>,
    options: { delayMs: number; now: () => number; stored: () => void; failed: (error: unknown) => void },
  ) {
    this.#ledger = ledger;
    this.#options = options;
  }

  /** False: there is no room. */
  add(key: string): boolean {
    const count = this.#asks.get(key) ?? 0;
    if (count === 0 && this.#asks.size >= maxKeys) return false;
    this.#asks.set(key, count + 1);
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.delayMs);
    return true;
  }

  /** Resolves when what was added before is durable. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const asks = this.#asks;
    if (asks.size > 0) {
      this.#asks = new Map();
      const before = this.#writing;
      this.#writing = this.#write(asks).then(() => before);
    }
    return this.#writing;
  }

  async #write(asks: ReadonlyMap<string, number>): Promise<void> {
    try {
      const now = this.#options.now();
      await this.#ledger.ask(asks, now, now - reviveAfterMs);
      this.#options.stored();
    } catch (error) {
      this.#options.failed(error);
    }
  }
}

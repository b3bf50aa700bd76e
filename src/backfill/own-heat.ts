import type { Heat } from '../ledger/heat.ts';
import { GatheredViews } from './access-log/gathered-views.ts';
import { OneViewer } from './access-log/one-viewer.ts';
import { isView } from './access-log/view-of.ts';

export interface OwnHeatOptions {
  readonly heat: Pick<Heat, 'add'>;
  readonly now: () => number;
  /** How often what was gathered is written down, in milliseconds. */
  readonly everyMs: number;
  /** Keys that are gathered at most; what others are asked for meanwhile is not counted. */
  readonly maxKeys: number;
  /** Views could not be written down. */
  readonly failed: (error: unknown) => void;
}

/** One answer to a reader; the access log has one for each. */
export interface ReaderAnswered {
  readonly method: string;
  readonly key: string | undefined;
  readonly status: number;
  readonly address: string;
}

/** Keys that are written down at once: some milliseconds, in which no reader is answered. */
const keysAtOnce = 250;

/**
 * Counts what readers ask this program for into the heat: in memory first, and written down every so often, in short transactions with a
 * breath between them. A crash costs what was gathered since: a guess is a little worse for it.
 */
export class OwnHeat {
  readonly #options: OwnHeatOptions;
  readonly #gathered = new GatheredViews();
  readonly #viewers = new OneViewer();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: OwnHeatOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.write(), this.#options.everyMs).unref();
  }

  /** Writes down what was gathered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.write();
  }

  readonly answered = ({ method, key, status, address }: ReaderAnswered): void => {
    if (key === undefined) return;
    const atMs = this.#options.now();
    if (!isView({ method, status, key, address, atMs }, this.#viewers)) return;
    this.#gather(key, atMs, 1);
  };

  /** Never rejects: what cannot be written down is told, and has another turn. */
  write(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { heat, now, failed } = this.#options;
    // What comes in meanwhile has its turn the next time.
    for (let left = this.#gathered.size; left > 0; left -= keysAtOnce) {
      const views = this.#gathered.take(keysAtOnce);
      try {
        await heat.add(views, now());
      } catch (error) {
        for (const { key, atMs, views: count } of views) this.#gather(key, atMs, count);
        failed(error);
        return;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #gather(key: string, atMs: number, views: number): void {
    if (this.#gathered.size < this.#options.maxKeys || this.#gathered.has(key)) this.#gathered.add(key, atMs, views);
  }
}

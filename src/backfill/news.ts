import type { Files } from '../ledger/files.ts';
import type { Objects } from '../ledger/objects.ts';

export interface NewsOptions {
  readonly files: Pick<Files, 'scans'>;
  readonly objects: Pick<Objects, 'listings'>;
  readonly everyMs: number;
  /** A scan or a listing has ended since the last look, whoever made it. */
  readonly changed: () => void;
  readonly failed: (error: unknown) => void;
}

/** Notices scans and listings that other processes made, by hand or from a manifest: a plan that is made now is a better one. */
export class News {
  readonly #options: NewsOptions;
  #seenMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NewsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), this.#options.everyMs).unref();
    void this.look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The first look tells nothing: what had ended by then is known. */
  async look(): Promise<void> {
    const { changed, failed } = this.#options;
    try {
      const newestMs = await this.#newestMs();
      if (this.#seenMs !== undefined && newestMs > this.#seenMs) changed();
      this.#seenMs = newestMs;
    } catch (error) {
      failed(error);
    }
  }

  async #newestMs(): Promise<number> {
    const { files, objects } = this.#options;
    const scans = await files.scans();
    const { last: listing } = await objects.listings();
    return Math.max(0, listing?.endedMs ?? 0, ...scans.map(({ last }) => last?.endedMs ?? 0));
  }
}

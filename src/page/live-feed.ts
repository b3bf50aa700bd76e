/** Somebody who watches. It never throws. */
export interface Watcher {
  /** A whole update: whoever cannot take it now may leave out what came before the newest. */
  send(update: string): void;
  /** Says that it is still there. */
  beat(): void;
  /** No more comes. */
  end(): void;
}

export interface LiveFeedOptions {
  /** What is sent, as text. */
  readonly look: () => Promise<string>;
  /** Between the end of a look and the beginning of the next, in milliseconds. */
  readonly everyMs: number;
  /** Nothing new for so long: a beat. In milliseconds. */
  readonly beatMs: number;
  /** How many may watch at once. */
  readonly most: number;
  readonly now: () => number;
  /** Told of looks that failed; the next one comes all the same, after the time of a beat. */
  readonly failed: (error: unknown) => void;
}

/** One look at a time for all who watch, and none while nobody does. */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #watchers = new Set<Watcher>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #stopped = false;
  #latest: string | undefined;
  #sentMs = 0;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
  }

  get hasRoom(): boolean {
    return !this.#stopped && this.#watchers.size < this.#options.most;
  }

  /** Returns how to leave; undefined: there are too many already, or it has stopped. */
  join(watcher: Watcher): (() => void) | undefined {
    if (!this.hasRoom) return undefined;
    this.#watchers.add(watcher);
    // While somebody watches, the latest is new enough.
    if (this.#watchers.size > 1 && this.#latest !== undefined) watcher.send(this.#latest);
    if (this.#watchers.size === 1 && !this.#looking) {
      this.#sentMs = this.#options.now();
      this.#begin(0);
    }
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      clearTimeout(this.#timer);
      this.#latest = undefined;
    };
  }

  /** Ends all watching, at once. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  #begin(inMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#turn(), inMs).unref();
  }

  async #turn(): Promise<void> {
    const { look, everyMs, beatMs, now, failed } = this.#options;
    this.#looking = true;
    let nextMs = everyMs;
    try {
      this.#tell(await look());
    } catch (error) {
      // Not again at once: it may fail because there is too much to do.
      nextMs = beatMs;
      failed(error);
    } finally {
      this.#looking = false;
    }
    if (this.#stopped || this.#watchers.size === 0) return;
    if (now() - this.#sentMs >= beatMs) {
      this.#sentMs = now();
      for (const watcher of this.#watchers) watcher.beat();
    }
    this.#begin(nextMs);
  }

  #tell(update: string): void {
    if (update === this.#latest || this.#watchers.size === 0) return;
    this.#latest = update;
    this.#sentMs = this.#options.now();
    for (const watcher of this.#watchers) watcher.send(update);
  }
}

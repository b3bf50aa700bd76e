import type { SourceUse } from '../ledger/proof.ts';

export interface UseWatchOptions {
  readonly use: SourceUse;
  /** Names of the sources that are in use now. */
  readonly sources: () => readonly string[];
  /** How often it is written down, in milliseconds. */
  readonly everyMs: number;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
  /** False: Mastodon still writes to the sources, and that nobody asks for what it wrote lately makes no quiet time. Default: true. */
  readonly quietCounts?: boolean;
}

const unwritten = Promise.resolve(false);

/**
 * Watches which sources readers still need, and how long they were needed by nobody while this program ran: a source is not quiet because
 * nobody could ask. The first need of a period is written at once, the others in its end: a crash takes back no need that is older than
 * that, and adds no quiet time.
 */
export class UseWatch {
  readonly #options: UseWatchOptions;
  /** Of this period: when a reader last needed a source, and whether that is written. */
  readonly #needed = new Map<string, { readonly atMs: number; readonly written: Promise<boolean> }>();
  #countedFrom: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(options: UseWatchOptions) {
    this.#options = options;
    this.#countedFrom = options.now();
  }

  static async begin(options: UseWatchOptions): Promise<UseWatch> {
    const watch = new UseWatch(options);
    await options.use.watch(options.sources(), options.now());
    watch.#arm();
    return watch;
  }

  /** A reader was answered from it, or would have been had it answered. */
  readonly needed = (source: string): void => {
    const { use, now, failed } = this.#options;
    const atMs = now();
    const write = () =>
      use.answered(source, atMs).then(
        () => true,
        (error: unknown) => {
          failed(error);
          return false;
        },
      );
    this.#needed.set(source, { atMs, written: this.#needed.has(source) ? unwritten : write() });
  };

  /** Writes down the period that ends now. Rejects when it cannot, and what was needed in it is written in the end of the next one. */
  async tick(): Promise<void> {
    const { use, sources, everyMs, now, quietCounts = true } = this.#options;
    const atMs = now();
    // A clock that jumped, or a machine that slept, is no time in which anybody could ask.
    const passedMs = Math.min(Math.max(0, atMs - this.#countedFrom), 2 * everyMs);
    this.#countedFrom = atMs;
    const needs = new Map(this.#needed);
    const inUse = sources();
    const quiet = inUse.filter((source) => !needs.has(source));
    for (const [source, need] of needs) {
      if (!(await need.written)) await use.answered(source, need.atMs);
      if (this.#needed.get(source) === need) this.#needed.delete(source);
    }
    await use.watch(inUse, atMs);
    if (quietCounts) await use.passed(quiet, passedMs);
    else await use.beginQuietAnew(inUse);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.tick();
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.tick()
        .catch(this.#options.failed)
        .finally(() => this.#arm());
    }, this.#options.everyMs).unref();
  }
}

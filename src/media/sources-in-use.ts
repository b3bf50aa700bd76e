import type { Retired } from '../ledger/proof.ts';

export interface SourcesInUseOptions {
  readonly retired: Pick<Retired, 'all'>;
  /** Names of all that are configured. */
  readonly configured: readonly string[];
  /** How often it is looked whether that has changed, in milliseconds. */
  readonly everyMs: number;
  /** A source was taken out, or is back. Not told of what was so at the start. */
  readonly turned: (name: string, inUse: boolean) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Which sources are in the read path: those that are not retired. That is written by a command, beside this program or without it, so it
 * is looked up again and again. A look that fails changes nothing.
 */
export class SourcesInUse {
  readonly #options: SourcesInUseOptions;
  #retired: ReadonlyMap<string, number> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(options: SourcesInUseOptions) {
    this.#options = options;
  }

  /** Rejects when it cannot be known which are retired: one that is gone must not be asked. */
  static async begin(options: SourcesInUseOptions): Promise<SourcesInUse> {
    const inUse = new SourcesInUse(options);
    inUse.#retired = await inUse.#read();
    inUse.#arm();
    return inUse;
  }

  readonly has = (name: string): boolean => !this.#retired.has(name);

  /** The retired ones among those that are configured, and since when, in milliseconds since the epoch. */
  get retired(): ReadonlyMap<string, number> {
    return this.#retired;
  }

  /** Names, in the order of the configuration. */
  get names(): readonly string[] {
    return this.#options.configured.filter(this.has);
  }

  /** Looks now. */
  async look(): Promise<void> {
    const before = this.#retired;
    this.#retired = await this.#read();
    for (const name of this.#options.configured)
      if (before.has(name) !== this.#retired.has(name)) this.#options.turned(name, this.has(name));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<ReadonlyMap<string, number>> {
    const { retired, configured } = this.#options;
    const all = await retired.all();
    return new Map(
      all.flatMap(({ source, sinceMs }) => (configured.includes(source) ? [[source, sinceMs] as const] : [])),
    );
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.look()
        .catch(this.#options.failed)
        .finally(() => this.#arm());
    }, this.#options.everyMs).unref();
  }
}

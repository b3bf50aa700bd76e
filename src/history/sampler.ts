import type { History, Sample } from './history.ts';
import { rolledUp } from './rolled-up.ts';

/** How much is upstairs, and how much is still below. */
export type Standing = Pick<Sample, 'above' | 'below'>;

export interface SamplerOptions {
  readonly history: Pick<History, 'add'>;
  /** How long a sample is, in milliseconds. */
  readonly everyMs: number;
  /** Names of those that are asked. */
  readonly sources: () => readonly string[];
  /** What nine of ten of a source's operations took at most, of those that ended within so many milliseconds. */
  readonly latencyMs: (source: string, withinMs: number) => number | undefined;
  /** A quick question. */
  readonly standing: () => Promise<Standing>;
  /** Milliseconds since the epoch: when a sample ends. */
  readonly now: () => number;
  /** Milliseconds that only go forward: how long it is. */
  readonly steadyNow: () => number;
  readonly failed: (error: unknown) => void;
}

/** What is counted between two samples. Memory: a few numbers a tier and a source. */
class Counts {
  readonly answered = new Map<string, { requests: number; bytes: number }>();
  readonly copied = { files: 0, bytes: 0 };
  failed = 0;
  storeErrors = 0;
  readonly sourceErrors = new Map<string, number>();
}

/**
 * Counts what happens, and adds a sample of it to the history every so often. A crash loses what was counted since the last one; what cannot
 * be written down goes into the next. Its methods that count are bound.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  #counts = new Counts();
  #sinceMs: number;
  /** What could not be written down. */
  #owed: Sample | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sampling: Promise<void> | undefined;
  #stopped = false;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#sinceMs = options.steadyNow();
  }

  readonly answered = (tier: string, bytes: number): void => {
    const { answered } = this.#counts;
    const sum = answered.get(tier) ?? { requests: 0, bytes: 0 };
    sum.requests += 1;
    sum.bytes += bytes;
    answered.set(tier, sum);
  };

  readonly copied = (bytes: number): void => {
    const { copied } = this.#counts;
    copied.files += 1;
    copied.bytes += bytes;
  };

  readonly copyGivenUp = (): void => {
    this.#counts.failed += 1;
  };

  readonly storeTroubled = (): void => {
    this.#counts.storeErrors += 1;
  };

  readonly sourceTroubled = (source: string): void => {
    const { sourceErrors } = this.#counts;
    sourceErrors.set(source, (sourceErrors.get(source) ?? 0) + 1);
  };

  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.sample().finally(() => this.start()), this.#options.everyMs).unref();
  }

  /** Adds what was counted since the last one. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sampling;
    await this.sample();
  }

  /** Adds a sample. Never rejects: what goes wrong is told. */
  sample(): Promise<void> {
    this.#sampling ??= this.#sample().finally(() => {
      this.#sampling = undefined;
    });
    return this.#sampling;
  }

  async #sample(): Promise<void> {
    const { history, failed } = this.#options;
    const counted = this.#taken();
    const sample: Sample = { ...counted, ...(await this.#standing()) };
    const whole = this.#owed ? rolledUp([this.#owed, sample]) : sample;
    this.#owed = whole;
    try {
      await history.add(whole);
      this.#owed = undefined;
    } catch (error) {
      failed(error);
    }
  }

  /** What was counted so far, from now on counted anew. */
  #taken(): Omit<Sample, keyof Standing> {
    const { now, steadyNow, sources, latencyMs } = this.#options;
    const { answered, copied, failed, storeErrors, sourceErrors } = this.#counts;
    this.#counts = new Counts();
    const steadyMs = steadyNow();
    const spanMs = Math.max(1, Math.round(steadyMs - this.#sinceMs));
    this.#sinceMs = steadyMs;
    // One that was retired meanwhile may still have had errors.
    const names = [...new Set([...sources(), ...sourceErrors.keys()])].sort();
    return {
      endMs: now(),
      spanMs,
      answered: [...answered].map(([tier, sum]) => ({ tier, ...sum })).sort((a, b) => (a.tier < b.tier ? -1 : 1)),
      copied,
      failed,
      storeErrors,
      sources: names.map((source) => ({
        source,
        latencyMs: latencyMs(source, spanMs),
        errors: sourceErrors.get(source) ?? 0,
      })),
    };
  }

  /** What is counted must not be lost because how things stand cannot be told. */
  async #standing(): Promise<Standing> {
    try {
      return await this.#options.standing();
    } catch (error) {
      this.#options.failed(error);
      return { above: undefined, below: undefined };
    }
  }
}

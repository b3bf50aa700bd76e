export interface AimdOptions {
  /** At most so many at once. */
  readonly most: number;
  /** What is quicker than this is quick, whatever it was before, in milliseconds. */
  readonly floorMs: number;
}

/** What was seen of a source within a window of time. */
export interface Window {
  readonly p90Ms: number | undefined;
  readonly samples: number;
  /** The most of our own that were under way at once. */
  readonly used: number;
}

/** Fewer samples tell nothing. */
const leastSamples = 5;
/** Windows that are remembered: what is usual for this source. */
const remembered = 128;

/**
 * How much at once a source can bear, as it shows itself: one more after a window in which it was about as quick as it is at its best, half
 * after one in which it was not (additive increase, multiplicative decrease). From the start until it first is not, twice as much as long
 * as it is quick whatever it is (slow start, RFC 5681 §3.1). "At its best": the lowest decile of the windows' latencies,
 * so that a slow disk is measured by itself, and one that gets slower for good is taken as it is, in time.
 */
export class Aimd {
  readonly #options: AimdOptions;
  readonly #usual: number[] = [];
  #level = 1;
  #slowStart = true;

  constructor(options: AimdOptions) {
    this.#options = options;
  }

  get level(): number {
    return this.#level;
  }

  /** It was quick so far, and how much it can bear is still to be found. */
  get slowStart(): boolean {
    return this.#slowStart && this.#level < this.#options.most;
  }

  /** The source's usual latency, in milliseconds; undefined: nothing is known yet. */
  get usualMs(): number | undefined {
    const sorted = this.#usual.toSorted((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 10)];
  }

  /** A window has ended. One that did not make use of the level says nothing for a higher one. */
  observe({ p90Ms, samples, used }: Window): void {
    if (p90Ms === undefined || samples < leastSamples) return;
    this.#usual.push(p90Ms);
    if (this.#usual.length > remembered) this.#usual.shift();
    const { most, floorMs } = this.#options;
    const good = p90Ms < Math.max(floorMs, 2 * (this.usualMs ?? 0));
    if (p90Ms >= floorMs) this.#slowStart = false;
    if (!good) this.#level = Math.max(1, Math.floor(this.#level / 2));
    else if (used >= this.#level) this.#level = Math.min(most, this.#slowStart ? this.#level * 2 : this.#level + 1);
  }

  /** It was left alone for a time, and is begun with as something unknown. */
  reset(): void {
    this.#level = 1;
    this.#slowStart = true;
  }
}

/**
 * How many may be under way while readers use the source: each of theirs takes one away; from a share of its places on, nothing is begun.
 * `operations`: how many the source takes at once.
 */
export function besideReaders(level: number, readers: number, operations: number): number {
  if (readers > 0 && readers * 2 >= operations) return 0;
  return Math.max(1, level - readers);
}

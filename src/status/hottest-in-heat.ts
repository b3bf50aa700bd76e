import type { Files } from '../ledger/files.ts';
import type { Heat, KnownHeat } from '../ledger/heat.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Objects } from '../ledger/objects.ts';
import { SharedLook } from '../lib/shared-look.ts';
import type { HotKey, HottestBelow } from './hottest-below.ts';

export interface HottestInHeatOptions {
  readonly heat: Pick<Heat, 'hottest'>;
  readonly files: Pick<Files, 'of'>;
  readonly objects: Pick<Objects, 'of'>;
  readonly ledger: Pick<Ledger, 'statuses'>;
  /** Those of the keys whose marks let them be copied. */
  readonly keep: (keys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** The names of the sources in use, in the order of the configuration. */
  readonly sources: () => readonly string[];
  readonly now: () => number;
  /** Lets others have the thread after so many milliseconds of work. Default: for as long as that, and a little more. */
  readonly breathe?: (workedMs: number) => Promise<void>;
}

/** Of the heat no more keys are looked at, the hottest first: some 50,000 rows are looked up then, a second of work or less. */
const mostLooked = 10_000;
/** Keys that are looked at between two breaths: a millisecond or two. */
const pageSize = 50;
/** More are not named. */
const mostNamed = 100;
/** How long it is good for, in milliseconds: heat is written down as often. */
const maxAgeMs = 30_000;

/**
 * Goes through the heat from the hottest key downwards, and leaves out what is above, until it has enough, or has looked at ten thousand: a
 * key that is not among these is not hot. Each key costs a few look-ups by primary key, so it does not matter how many files there are, and
 * however many ask, it is done twice a minute at most.
 */
export class HottestInHeat implements HottestBelow {
  readonly #options: HottestInHeatOptions;
  readonly #breathe: (workedMs: number) => Promise<void>;
  readonly #shared: SharedLook<readonly HotKey[]>;

  constructor(options: HottestInHeatOptions) {
    this.#options = options;
    this.#breathe = options.breathe ?? rest;
    this.#shared = new SharedLook({ look: () => this.#look(), maxAgeMs, now: options.now });
  }

  /** A hundred at most. */
  async hottest(atMost: number): Promise<readonly HotKey[]> {
    return (await this.#shared.now()).slice(0, atMost);
  }

  async #look(): Promise<readonly HotKey[]> {
    const { heat, now, sources } = this.#options;
    const [nowMs, places] = [now(), sources()];
    // One that gets hotter meanwhile may be met twice.
    const found = new Map<string, HotKey>();
    let after: KnownHeat | undefined;
    for (let looked = 0; looked < mostLooked; looked += pageSize) {
      const beganMs = performance.now();
      const page = await heat.hottest(after, pageSize, nowMs);
      for (const one of await this.#below(page, places)) found.set(one.key, found.get(one.key) ?? one);
      after = page.at(-1);
      if (found.size >= mostNamed || page.length < pageSize) break;
      await this.#breathe(performance.now() - beganMs);
    }
    return [...found.values()].slice(0, mostNamed);
  }

  async #below(page: readonly KnownHeat[], places: readonly string[]): Promise<HotKey[]> {
    const { files, objects, ledger, keep } = this.#options;
    const statuses = await ledger.statuses(page.map(({ key }) => key));
    const left = page.filter(({ key }) => !above.has(statuses.get(key) ?? 'none'));
    const kept = await keep(left.map(({ key }) => key));
    const below: HotKey[] = [];
    for (const { key, heat } of left) {
      if (!kept.has(key)) continue;
      const all = await files.of(key);
      const file = places.map((name) => all.find(({ source }) => source === name)).find((one) => one !== undefined);
      if (!file || (await objects.of(key))) continue;
      below.push({ key, source: file.source, bytes: file.size, heat });
    }
    return below;
  }
}

const above: ReadonlySet<string> = new Set(['copied', 'superseded']);

/** Less than half of the time is for it. */
function rest(workedMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, workedMs));
}

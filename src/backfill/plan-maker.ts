import type { Files, SourceFile } from '../ledger/files.ts';
import type { Heat } from '../ledger/heat.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Objects } from '../ledger/objects.ts';
import type { PlanRow, PlanStore } from '../ledger/plan-store.ts';
import { mediaClass } from '../media/media-class.ts';
import { isSkipped } from '../media/skipped-prefix.ts';
import { ListedKeys } from './listed-keys.ts';
import { oneOfEach } from './one-of-each.ts';
import { expectedPerByte } from './order.ts';
import type { Plan, PlannedFile } from './plan.ts';

export interface PlanMakerOptions {
  readonly store: PlanStore;
  readonly files: Pick<Files, 'page'>;
  readonly objects: Pick<Objects, 'page'>;
  readonly ledger: Pick<Ledger, 'statuses'>;
  readonly heat: Pick<Heat, 'of'>;
  /** Those of the keys whose marks let them be copied: open below, and not gone. */
  readonly keep: (keys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Key prefixes that stay below. */
  readonly skip: readonly string[];
  /** The sources' names, in the order of the configuration. */
  readonly sources: readonly string[];
  readonly now: () => number;
  /** Lets others have the thread after so many milliseconds of work. Default: for as long as that. */
  readonly breathe?: (workedMs: number) => Promise<void>;
}

/** Files that are looked at between two breaths: each step takes some milliseconds. */
const pageSize = 256;
/** Rows of a former plan that go between two breaths. */
const tidiedAtOnce = 500;

// Ranks are logarithms of what a byte brings, and lie within some hundreds of 0: whole sections stand behind one another.
const refetchable = 2000;
const above = 4000;

/**
 * Makes the plan: what the sources hold, without what is skipped, what a mark closes, and what the ledger knows already: copied, superseded,
 * wanted (it has its turn), and refused (`upstairs failures --retry` asks for it again).
 *
 * Late, behind everything else and without a place that is kept for them, come `cache/`, which Mastodon can fetch again, and what the bucket's
 * listing has already: a copy of that reads the whole file to learn from the store that there is nothing to do, and then knows its MD5;
 * until then it answers readers from above all the same.
 */
export class PlanMaker implements Plan {
  readonly #options: PlanMakerOptions;
  readonly #breathe: (workedMs: number) => Promise<void>;
  #making: Promise<{ files: number; bytes: number }> | undefined;
  #sinceMs = 0;

  constructor(options: PlanMakerOptions) {
    this.#options = options;
    this.#breathe = options.breathe ?? rest;
  }

  /** While one is being made, that one. */
  make(signal: AbortSignal): Promise<{ readonly files: number; readonly bytes: number }> {
    this.#making ??= this.#make(signal).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  next(limit: number, without: ReadonlySet<string>): Promise<readonly PlannedFile[]> {
    return this.#options.store.next(limit, without);
  }

  took(files: readonly PlannedFile[]): Promise<void> {
    return this.#options.store.took(files);
  }

  left(): ReturnType<Plan['left']> {
    return this.#options.store.left();
  }

  async #make(signal: AbortSignal): Promise<{ files: number; bytes: number }> {
    const { store, files, sources, objects, now } = this.#options;
    this.#sinceMs = performance.now();
    await store.begin();
    await this.#tidy(signal);
    const listed = new ListedKeys(objects, pageSize, () => this.#pause(signal));
    const nowMs = now();
    const made = { files: 0, bytes: 0 };
    for await (const page of oneOfEach({ files, sources, pageSize })) {
      await this.#pause(signal);
      const rows = await this.#rows(page, listed, nowMs, signal);
      await store.add(rows);
      made.files += rows.length;
      made.bytes += rows.reduce((sum, { size }) => sum + size, 0);
      await this.#pause(signal);
    }
    await store.finish(now());
    await this.#tidy(signal);
    return made;
  }

  async #rows(page: readonly SourceFile[], listed: ListedKeys, nowMs: number, signal: AbortSignal): Promise<PlanRow[]> {
    const { skip, ledger, keep, heat } = this.#options;
    const there = page.filter(({ key }) => !isSkipped(key, skip));
    const statuses = await ledger.statuses(there.map(({ key }) => key));
    const unknown = there.filter(({ key }) => !statuses.has(key));
    await this.#pause(signal);
    const keys = unknown.map(({ key }) => key);
    const kept = await keep(keys);
    const inBucket = await listed.among(keys);
    await this.#pause(signal);
    const heats = await heat.of(keys, nowMs);
    return unknown
      .filter(({ key }) => kept.has(key))
      .map((file) => rowOf(file, heats.get(file.key) ?? 0, nowMs, inBucket.has(file.key)));
  }

  async #tidy(signal: AbortSignal): Promise<void> {
    while (await this.#options.store.tidy(tidiedAtOnce)) await this.#pause(signal);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#breathe(performance.now() - this.#sinceMs);
    this.#sinceMs = performance.now();
  }
}

function rowOf(file: SourceFile, heat: number, nowMs: number, inBucket: boolean): PlanRow {
  const { key, source, size } = file;
  const isRefetchable = mediaClass(key) === 'cache';
  const section = (isRefetchable ? refetchable : 0) + (inBucket ? above : 0);
  const rank = section - Math.log2(expectedPerByte(file, heat, nowMs));
  return { key, source, size, rank, late: section > 0 };
}

/** Half of the time is for others. */
function rest(workedMs: number): Promise<void> {
  return new Promise((resolve) => (workedMs < 1 ? setImmediate(resolve) : setTimeout(resolve, workedMs)));
}

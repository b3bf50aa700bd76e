/** A file of a plan, as the turns need it. */
export interface Waiting {
  readonly id: number;
  readonly rank: number;
  readonly size: number;
  /** Bytes of the files before it, in the order of keys, within its source. */
  readonly before: number;
}

/** What is left in one source: its first files by rank, and its first by key. */
export interface Lane<W extends Waiting> {
  readonly byRank: readonly W[];
  readonly byKey: readonly W[];
  /** Bytes that were taken from this source, since the file that is now the first by key became it, or longer. */
  readonly taken: number;
}

/** Of so many bytes one is for what stands first in the order of keys. */
export const fairShare = 16;

/**
 * Whose turn it is: the best rank of all sources, but a file has its turn at the latest when sixteen times as many bytes were taken from its
 * source as there are up to and with it in the order of keys. Without that, the largest and coldest would wait for as long as something
 * better turns up in each new plan.
 */
export function turns<W extends Waiting>(lanes: readonly Lane<W>[], limit: number): W[] {
  const cursors = lanes.map((lane) => new Cursor(lane));
  const chosen: W[] = [];
  while (chosen.length < limit) {
    const due = cursors.find((cursor) => cursor.due !== undefined);
    if (due?.due) {
      chosen.push(due.take(due.due));
      continue;
    }
    const best = cursors.reduce<Cursor<W> | undefined>(
      (most, cursor) => ((cursor.best?.rank ?? Infinity) < (most?.best?.rank ?? Infinity) ? cursor : most),
      undefined,
    );
    if (!best?.best) break;
    chosen.push(best.take(best.best));
  }
  return chosen;
}

class Cursor<W extends Waiting> {
  readonly #lane: Lane<W>;
  readonly #gone = new Set<number>();
  #taken: number;
  #rankAt = 0;
  #keyAt = 0;

  constructor(lane: Lane<W>) {
    this.#lane = lane;
    this.#taken = lane.taken;
  }

  get best(): W | undefined {
    while (this.#isGone(this.#lane.byRank[this.#rankAt])) this.#rankAt += 1;
    return this.#lane.byRank[this.#rankAt];
  }

  get due(): W | undefined {
    while (this.#isGone(this.#lane.byKey[this.#keyAt])) this.#keyAt += 1;
    const first = this.#lane.byKey[this.#keyAt];
    return first && this.#taken >= fairShare * (first.before + first.size) ? first : undefined;
  }

  take(file: W): W {
    this.#gone.add(file.id);
    this.#taken += file.size;
    return file;
  }

  #isGone(file: W | undefined): boolean {
    return file !== undefined && this.#gone.has(file.id);
  }
}

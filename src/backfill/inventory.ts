import { setImmediate as breath } from 'node:timers/promises';
import type { Identity } from '../bucket/identity.ts';
import { ListingError, type ListingPage, type ListingQuestion, type ObjectListing } from '../bucket/object-listing.ts';
import type { ListedPart, ListingRange, ListingWriter } from '../ledger/listing-writer.ts';
import type { Listing } from '../ledger/objects.ts';
import type { BackOff } from '../lib/back-off.ts';
import { compareBytes } from '../lib/byte-order.ts';
import { InventoryError } from './inventory-error.ts';
import { splitPoints } from './split-points.ts';

export interface InventoryOptions {
  readonly listing: ObjectListing;
  readonly writer: ListingWriter;
  readonly identity: Pick<Identity, 'confirm'>;
  /** Ranges that are listed at once. */
  readonly parallel: number;
  /** Keys a request. */
  readonly pageSize: number;
  /** Resolves when the next request may be sent. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
  readonly backOff: BackOff;
  /** Tries of a request after the first. */
  readonly retries: number;
  readonly now: () => number;
  /** A request that failed, and is sent again. */
  readonly troubled: (error: Error) => void;
  readonly progress?: (met: { readonly objects: number; readonly bytes: number }) => void;
}

/** Pages of a range until it is worth looking for folders to split it at, when others have nothing to do; then twice as many. */
const pagesBeforeSplit = 2;
/** Requests that looking for them may cost. */
const splitRequests = 24;

/**
 * Lists the whole bucket into the record, several ranges of keys at once: it begins with one, and whenever fewer are under way than may be,
 * a long one is split. It can be broken off anywhere and goes on there the next time. One run at a time.
 */
export class Inventory {
  readonly #options: InventoryOptions;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  /**
   * Goes on with the listing that is open, or with `fresh` begins a new one. Throws InventoryError, ListingError, the signal's reason; what
   * was listed stays for the next run.
   */
  async run({ fresh, signal }: { fresh: boolean; signal: AbortSignal }): Promise<Listing> {
    const { writer, now, progress } = this.#options;
    await this.#confirm();
    const { objects, bytes } = await writer.begin(now(), fresh);
    const met = { objects, bytes };
    await this.#walkAll(await writer.ranges(), signal, (part) => {
      met.objects += part.objects.length;
      for (const { size } of part.objects) met.bytes += size;
      progress?.(met);
    });
    await this.#confirm();
    return await writer.end(now());
  }

  async #walkAll(ranges: readonly ListingRange[], signal: AbortSignal, met: (part: ListedPart) => void) {
    const { parallel } = this.#options;
    const waiting = [...ranges];
    const walks = new Set<Promise<void>>();
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    let failure: { error: unknown } | undefined;
    const fill = () => {
      while (walks.size < parallel && !either.aborted) {
        const range = waiting.shift();
        if (range === undefined) return;
        const walk = this.#walk(range, { signal: either, met, idle, add })
          .catch((error: unknown) => {
            failure ??= { error };
            stop.abort(error);
          })
          .finally(() => walks.delete(walk));
        walks.add(walk);
      }
    };
    const idle = () => waiting.length === 0 && walks.size < parallel;
    const add = (more: readonly ListingRange[]) => {
      waiting.push(...more);
      fill();
    };
    fill();
    while (walks.size > 0) {
      await Promise.race(walks);
      fill();
    }
    if (failure) throw failure.error;
    signal.throwIfAborted();
  }

  async #walk(range: ListingRange, { signal, met, idle, add }: WalkOptions): Promise<void> {
    const { writer, pageSize } = this.#options;
    let { after, upTo } = range;
    let nextSplit = pagesBeforeSplit;
    for (let pages = 1; ; pages++) {
      const part = within(await this.#ask({ after, limit: pageSize }, signal), upTo);
      await this.#record(() => writer.put(range.id, part));
      met(part);
      if (part.upTo === undefined) return;
      after = part.upTo;
      if (pages < nextSplit || !idle()) continue;
      nextSplit = pages * 2;
      const parts = await this.#split({ id: range.id, after, upTo }, signal);
      upTo = parts[0]?.upTo ?? upTo;
      add(parts.slice(1));
    }
  }

  /** The range and those that were made of its end; none: it stays whole. */
  async #split(range: ListingRange, signal: AbortSignal): Promise<readonly ListingRange[]> {
    const { writer, parallel } = this.#options;
    const points = await splitPoints(range, {
      wanted: parallel * 4,
      requests: splitRequests,
      folders: async (prefix, after) =>
        (await this.#ask({ prefix, after, delimiter: '/', limit: 1000 }, signal)).prefixes,
    });
    if (points.length === 0) return [];
    return await this.#record(() => writer.split(range.id, points));
  }

  /** One at a time, each in a turn of the event loop of its own: readers come in between. */
  #record<T>(write: () => Promise<T>): Promise<T> {
    const written = this.#writing.then(() => breath()).then(write);
    // Its failure is the caller's; the next one is not concerned.
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #ask(question: ListingQuestion, signal: AbortSignal): Promise<ListingPage> {
    const { listing, turn, backOff, retries, now, troubled } = this.#options;
    for (let tries = 0; ; tries++) {
      await backOff.pass(signal);
      await turn(signal);
      const sentMs = now();
      try {
        const page = await listing.page(question, signal);
        // What is recorded outlives this run, which may be killed before it noticed at its end that another bucket answered. So the question
        // comes between each page and its record; pages that came together share one.
        if (question.delimiter === undefined) await this.#confirm();
        backOff.answered();
        return page;
      } catch (error) {
        if (!passes(error) || tries >= retries) throw error;
        backOff.failed(sentMs);
        troubled(error);
      }
    }
  }

  async #confirm(): Promise<void> {
    const state = await this.#options.identity.confirm();
    if (state === 'unknown')
      throw new InventoryError('INVENTORY_BUCKET_UNKNOWN', {
        found: 'the bucket could not be asked whether it is the right one',
        expected: 'its identity object, read from the store',
        todo: 'see what `upstairs check` says of the bucket, and try again when the store answers',
      });
    if (state !== 'ours')
      throw new InventoryError('INVENTORY_WRONG_BUCKET', {
        found: `${state === 'absent' ? 'the bucket has no identity' : 'the bucket belongs to another state'}, and what it holds was not recorded`,
        expected: 'the bucket of which the ledger in state.dir tells',
        todo: 'correct bucket.name, bucket.endpoint, bucket.keyPrefix or state.dir',
      });
  }
}

interface WalkOptions {
  readonly signal: AbortSignal;
  readonly met: (part: ListedPart) => void;
  /** Whether more could be under way. */
  readonly idle: () => boolean;
  readonly add: (more: readonly ListingRange[]) => void;
}

/** Troubles that pass. */
function passes(error: unknown): error is Error {
  if (error instanceof InventoryError) return error.code === 'INVENTORY_BUCKET_UNKNOWN';
  return error instanceof ListingError && (error.code === 'LISTING_SLOW_DOWN' || error.code === 'LISTING_UNAVAILABLE');
}

/** What of a page lies in a range that ends there. */
function within({ objects, upTo }: ListingPage, end: string | undefined): ListedPart {
  if (end === undefined || (upTo !== undefined && compareBytes(upTo, end) < 0)) return { objects, upTo };
  return { objects: objects.filter(({ key }) => compareBytes(key, end) <= 0), upTo: undefined };
}

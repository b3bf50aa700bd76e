import type { Ledger } from '../ledger/ledger.ts';
import { within } from '../lib/within.ts';
import type { SourceBody } from '../media/body.ts';
import type { Leases } from '../protocol/leases.ts';
import type { Rules } from '../protocol/state.ts';
import { AskBuffer } from './ask-buffer.ts';
import type { BackfillLane } from './backfill-lane.ts';
import { BodiesInHand } from './bodies-in-hand.ts';
import type { Copier } from './copier.ts';
import type { CopyPace } from './copy-pace.ts';
import type { CopyRequests } from './copy-requests.ts';

export interface CopiesOptions {
  readonly ledger: Ledger;
  readonly copier: Pick<Copier, 'run'>;
  readonly leases: Leases;
  /** False: take the looks that an earlier process left due, and copy nothing. */
  readonly copying: boolean;
  /** Copies and looks under way at once, those of the second lane apart. */
  readonly concurrency: number;
  readonly pace: Pick<CopyPace, 'waitMs'>;
  /** The second lane; undefined: nothing is taken up from it. */
  readonly backfill?: BackfillLane;
  /** Keys of the first lane that may be wanted at once; further new ones are turned away, and asked for again by their next reader. */
  readonly maxQueued: number;
  /** What the store can do; undefined while the bucket is not known to be the right one: nothing is copied then. */
  readonly rules: () => Rules | undefined;
  /** Keys with mutations that an earlier process left unsettled. */
  readonly unsettled: () => Promise<readonly string[]>;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
  readonly turnedAway: () => void;
}

interface Job {
  readonly key: string;
  readonly what: 'copy' | 'look';
  /** Of the second lane. */
  readonly from?: string;
}

/** Bytes are not kept in hand for a pace that is longer than this, in milliseconds. */
const holdingMs = 1000;
/** How long to wait when there is nothing to do, or the bucket is not ready, in milliseconds. */
const idleMs = 500;
/** How long cancelled copies may take to write down what they know, in milliseconds. */
const lettingGoMs = 2000;
/** How long a request may wait for company before it is written, in milliseconds. */
const gatherMs = 20;

/**
 * The mover: takes requests, and gives keys their turn, those with bytes in hand first, then the most asked-for. The second lane has places
 * of its own, and nothing new begins in it while the first has something that could begin, or all its places are taken.
 */
export class Copies implements CopyRequests {
  readonly #options: CopiesOptions;
  readonly #asks: AskBuffer;
  readonly #inHand = new BodiesInHand();
  readonly #active = new Map<string, Promise<void>>();
  /** Of those under way: the second lane's, with their sources. */
  readonly #backfilling = new Map<string, string>();
  /** Of those under way: stored, and only to be recorded. They take no place. */
  readonly #recording = new Set<string>();
  readonly #stopped = new AbortController();
  #running = false;
  #picking = false;
  #pickAgain = false;
  #looksTurn = true;
  #queued = 0;
  /** Looks are due. */
  #looksWait = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CopiesOptions) {
    this.#options = options;
    this.#asks = new AskBuffer(options.ledger, {
      delayMs: gatherMs,
      now: options.now,
      stored: () => this.#wake(),
      failed: (error) => {
        this.#inHand.clear();
        options.failed(error);
      },
    });
  }

  /** Copies and looks under way. */
  get active(): number {
    return this.#active.size;
  }

  request(key: string, body?: SourceBody): void {
    const room = this.#queued < this.#options.maxQueued;
    if (this.#stopped.signal.aborted || !room || !this.#asks.add(key)) {
      this.#options.turnedAway();
      body?.release();
      return;
    }
    if (body) this.#inHand.put(key, body);
    else this.#inHand.asked(key);
  }

  /** Begins the looks of every attempt and mutation that an earlier process left open, and the work. */
  async start(): Promise<void> {
    const { ledger, unsettled, now } = this.#options;
    await ledger.reopen(now());
    const keys = await unsettled();
    await Promise.all(keys.map((key) => ledger.change(key, { look: 0 }, { lookAtMs: now() }, now())));
    this.#running = true;
    this.#wake();
  }

  /** Takes up no more, waits so long for what is under way, then cancels it: an upload that was cut is looked for after the restart. */
  async stop(deadlineMs: number): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    await this.#asks.flush();
    this.#inHand.clear();
    const ended = () => Promise.all(this.#active.values());
    if (await within(ended(), deadlineMs)) return this.#stopped.abort();
    this.#stopped.abort();
    await within(ended(), lettingGoMs);
  }

  #wake(): void {
    if (!this.#running) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#picking) {
      this.#pickAgain = true;
      return;
    }
    this.#picking = true;
    this.#fill()
      .catch(this.#options.failed)
      .finally(() => {
        this.#picking = false;
        if (this.#pickAgain) {
          this.#pickAgain = false;
          this.#wake();
        } else if (this.#running && this.#timer === undefined) this.#timer = setTimeout(() => this.#wake(), idleMs);
      });
  }

  async #fill(): Promise<void> {
    const { ledger, now, concurrency, rules, pace } = this.#options;
    const { byStatus, backfill, looksDue } = await ledger.counts(now());
    this.#queued = byStatus.wanted - [...backfill.values()].reduce((sum, n) => sum + n, 0);
    this.#looksWait = looksDue > 0;
    const known = rules();
    if (!known) {
      // Nothing can be copied for now, and the room that these bytes take is what readers share.
      this.#inHand.clear();
      return;
    }
    const full = () => this.#active.size - this.#backfilling.size - this.#recording.size >= concurrency;
    while (this.#running && !full()) {
      const job = await this.#pick();
      if (!job) break;
      this.#begin(known, job);
    }
    if (full()) return;
    await this.#fillBackfill(known);
    const next = await ledger.nextDueMs(now());
    const paceMs = pace.waitMs('asked-for') || idleMs;
    const waitMs = Math.min(idleMs, paceMs, Math.max(1, (next ?? Number.POSITIVE_INFINITY) - now()));
    this.#timer = setTimeout(() => this.#wake(), waitMs);
  }

  /** Only when the first lane has nothing to begin. */
  async #fillBackfill(rules: Rules): Promise<void> {
    const { ledger, now, copying, pace, backfill } = this.#options;
    if (!backfill || !copying) return;
    const underWay = this.#underWay();
    for (const [source, places] of backfill.places(underWay)) {
      const room = places - (underWay.get(source) ?? 0);
      if (room <= 0 || pace.waitMs('backfill') > 0) continue;
      const keys = await ledger.backfillDue(source, now(), this.#active.size + room);
      if (!this.#running) return;
      for (const key of keys.filter((key) => this.#free(key)).slice(0, room))
        this.#begin(rules, { key, what: 'copy', from: source });
    }
  }

  #underWay(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const source of this.#backfilling.values()) counts.set(source, (counts.get(source) ?? 0) + 1);
    return counts;
  }

  /** Looks and copies take turns, so that neither starves the other. */
  async #pick(): Promise<Job | undefined> {
    this.#looksTurn = !this.#looksTurn;
    return this.#looksTurn
      ? ((await this.#pickLook()) ?? (await this.#pickCopy()))
      : ((await this.#pickCopy()) ?? (await this.#pickLook()));
  }

  async #pickLook(): Promise<Job | undefined> {
    if (!this.#looksWait) return undefined;
    const keys = await this.#options.ledger.looksDue(this.#options.now(), this.#active.size + 1);
    const key = keys.find((key) => this.#free(key));
    return key === undefined ? undefined : { key, what: 'look' };
  }

  async #pickCopy(): Promise<Job | undefined> {
    const { ledger, now, copying, pace } = this.#options;
    if (!copying) return undefined;
    const waitMs = pace.waitMs('asked-for');
    // The room that bytes take is what readers share.
    if (waitMs > holdingMs) this.#inHand.clear();
    if (waitMs > 0) return undefined;
    for (const key of this.#inHand.keys()) {
      if (!this.#free(key)) continue;
      const queued = await ledger.queued(key);
      if (queued && !queued.lookFirst && queued.notBeforeMs <= now()) return { key, what: 'copy' };
      // Not wanted, or not now: the room that its bytes take is better used. (Not asked for in the ledger yet: a moment later.)
      if (queued || (await ledger.status(key))) this.#inHand.take(key)?.release();
    }
    if (this.#queued === 0) return undefined;
    const keys = await ledger.due(now(), this.#active.size + 1);
    const key = keys.find((key) => this.#free(key));
    return key === undefined ? undefined : { key, what: 'copy' };
  }

  #free(key: string): boolean {
    return !this.#active.has(key) && !this.#options.leases.taken(key);
  }

  #begin(rules: Rules, job: Job): void {
    const { key, what, from } = job;
    const body = what === 'copy' ? this.#inHand.take(key) : undefined;
    if (from !== undefined) {
      this.#backfilling.set(key, from);
      this.#options.backfill?.begun(from, this.#underWay().get(from) ?? 0);
    }
    const run = this.#run(rules, job, body).finally(() => {
      this.#active.delete(key);
      this.#backfilling.delete(key);
      // Otherwise its place was given on already.
      if (!this.#recording.delete(key)) this.#wake();
    });
    this.#active.set(key, run);
  }

  /** Neither a disk nor the store has anything more to do with it. */
  #stored(key: string): void {
    if (this.#recording.size >= this.#options.concurrency) return;
    this.#recording.add(key);
    this.#backfilling.delete(key);
    this.#wake();
  }

  async #run(rules: Rules, { key, what, from }: Job, body: SourceBody | undefined): Promise<void> {
    const { copier, backfill, failed } = this.#options;
    const lane = from === undefined ? 'asked-for' : 'backfill';
    try {
      const end = await copier.run(rules, key, what, body, this.#stopped.signal, lane, () => this.#stored(key));
      if (from !== undefined) backfill?.ended(from, key, end);
    } catch (error) {
      failed(error);
      // The ledger could not be written: the same key would be picked again at once.
      await new Promise((resolve) => setTimeout(resolve, idleMs));
    }
  }
}

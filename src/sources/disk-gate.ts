import pLimit, { type LimitFunction } from 'p-limit';
import { ServiceTimes } from '../lib/service-times.ts';
import { BehindReaders } from './behind-readers.ts';
import { SourceReadError } from './source.ts';

export interface GateLimits {
  /** Operations that may be under way on the disk at once, hung ones included. */
  readonly maxOutstanding: number;
  /** Of these, how many may be look-ups of names: a flood of invented names must not keep the reads of real files out. */
  readonly maxLookups: number;
  /** Operations that may wait for their turn. */
  readonly maxWaiting: number;
  /** How long one operation may take, waiting included, in milliseconds. */
  readonly deadlineMs: number;
}

/** Whether somebody waits for what an operation brings. `free`: nobody does, and it is nothing to the disk. */
export type Urgency = 'now' | 'behind' | 'free';

interface Call {
  started: boolean;
  /** The caller was let go. */
  late: boolean;
}

/**
 * The one door to a disk. A file operation cannot be cancelled: on a hung disk it keeps its thread of libuv's pool. So a caller is
 * raced against the deadline and let go, and its place stays taken until the disk really answers.
 */
export class DiskGate {
  readonly #limits: GateLimits;
  readonly #all: LimitFunction;
  readonly #lookups: LimitFunction;
  readonly #times: ServiceTimes;
  readonly #order = new BehindReaders();
  #stuck = 0;
  #stuckLookups = 0;

  /** `times`: where it is noted what operations take. */
  constructor(limits: GateLimits, times: ServiceTimes = new ServiceTimes()) {
    this.#limits = limits;
    this.#times = times;
    this.#all = pLimit(limits.maxOutstanding);
    this.#lookups = pLimit(limits.maxLookups);
  }

  /** The disk owes an answer on every place, or on every place for look-ups: nobody need wait the deadline out to learn it. */
  get hung(): boolean {
    return this.#stuck >= this.#limits.maxOutstanding || this.#stuckLookups >= this.#limits.maxLookups;
  }

  /** Operations under way, and how many of them have outlived their deadline. */
  get load(): { outstanding: number; stuck: number } {
    return { outstanding: this.#all.activeCount, stuck: this.#stuck };
  }

  /** Operations, of those under way or waiting, that somebody waits for. */
  get readers(): number {
    return this.#order.readers;
  }

  /**
   * A read, stat or close of an open file. Throws `SourceReadError` TIMEOUT or BUSY, or what the operation throws.
   * `discard` gets a result that came after the caller was let go.
   */
  read<T>(operation: () => Promise<T>, discard?: (late: T) => void, urgency: Urgency = 'now'): Promise<T> {
    const run = (call: Call) => this.#all(() => this.#start(call, operation));
    return this.#ordered(this.#all, urgency, () => this.#raced(this.#all, run, discard));
  }

  /** Opening by name; the same, in a narrower lane. */
  lookup<T>(operation: () => Promise<T>, discard?: (late: T) => void, urgency: Urgency = 'now'): Promise<T> {
    const run = (call: Call) => this.#lookups(() => this.#all(() => this.#start(call, operation)));
    return this.#ordered(this.#lookups, urgency, () => this.#raced(this.#lookups, run, discard));
  }

  /** Letting go of a descriptor: never refused, or it would leak, and nobody waits for it. */
  release(operation: () => Promise<void>): void {
    // Linux frees the descriptor even when close(2) reports an error, and the bytes were only read.
    this.#all(operation).catch(() => undefined);
  }

  /** What can wait waits outside: neither in the way of others, nor against the deadline of the disk. */
  #ordered<T>(lane: LimitFunction, urgency: Urgency, operation: () => Promise<T>): Promise<T> {
    if (urgency === 'now') return this.#order.reader(operation);
    if (urgency === 'free') return operation();
    // Half of the places are for readers, also when what can wait hangs on the others.
    const half = (places: LimitFunction) => places.activeCount * 2 < places.concurrency;
    const free = () => this.#ailing || (half(this.#all) && half(lane));
    return this.#order.behind(async () => {
      if (this.#ailing) throw new SourceReadError('BUSY', 'the disk owes too many answers');
      return await operation();
    }, free);
  }

  /** It owes answers on a quarter of its places: nothing is begun that can wait. */
  get #ailing(): boolean {
    const { maxOutstanding, maxLookups } = this.#limits;
    return this.#stuck * 4 >= maxOutstanding || this.#stuckLookups * 4 >= maxLookups;
  }

  async #raced<T>(lane: LimitFunction, run: (call: Call) => Promise<T>, discard?: (late: T) => void): Promise<T> {
    const stuck = lane === this.#lookups ? this.hung : this.#stuck >= this.#limits.maxOutstanding;
    if (stuck) throw new SourceReadError('BUSY', 'the disk does not answer');
    if (lane.activeCount + lane.pendingCount >= lane.concurrency + this.#limits.maxWaiting)
      throw new SourceReadError('BUSY', 'too many operations wait for this disk');
    const call: Call = { started: false, late: false };
    const work = run(call);
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#letGo(call, lane === this.#lookups, work, discard);
        reject(new SourceReadError('TIMEOUT', `no answer within ${this.#limits.deadlineMs} ms`));
      }, this.#limits.deadlineMs);
    });
    try {
      return await Promise.race([work, deadline]);
    } finally {
      clearTimeout(timer);
    }
  }

  #letGo<T>(call: Call, lookup: boolean, work: Promise<T>, discard?: (late: T) => void): void {
    call.late = true;
    const count = (by: number) => {
      this.#stuck += by;
      if (lookup) this.#stuckLookups += by;
    };
    const { started } = call;
    if (started) count(1);
    const answered = () => {
      if (started) count(-1);
    };
    work.then((late) => {
      answered();
      discard?.(late);
    }, answered);
  }

  async #start<T>(call: Call, operation: () => Promise<T>): Promise<T> {
    if (call.late) throw new SourceReadError('TIMEOUT', 'gave up waiting for a turn');
    call.started = true;
    return await this.#times.timed(operation);
  }
}

import type { DrainOrdersStore, HandOrders } from '../ledger/drain-orders.ts';
import type { Limits } from './limits.ts';
import type { Orders, Standing } from './orders.ts';
import type { Timetable } from './timetable.ts';

export interface DrainOrdersOptions {
  readonly store: DrainOrdersStore;
  /** What it holds. */
  readonly hand: HandOrders;
  readonly timetable: Timetable;
  /** `backfill.enabled`. */
  readonly enabled: boolean;
  readonly now: () => number;
  /** Told of every order by hand, once it is durable. */
  readonly ordered: (order: string) => void;
}

/** What holds and why, for people. Times in milliseconds since the epoch. */
export interface OrdersFacts {
  readonly run: Standing['run'];
  readonly by: Standing['by'];
  readonly why: string;
  readonly limits: Limits;
  /** Whose word the limits are; `none`: there are none. */
  readonly limitsBy: 'hand' | 'timetable' | 'none';
  /** When the timetable changes next; undefined: it does not. */
  readonly timetableChangesMs: number | undefined;
}

const minuteMs = 60_000;

/**
 * What the operator wants: by hand before the timetable before the configuration, run and limits each for itself. `backfill.enabled: false`
 * outranks the timetable, which says how fast and when not, and by itself begins nothing. An order by hand is durable before it holds, and holds
 * until it is taken back.
 */
export class DrainOrders implements Orders {
  readonly #options: DrainOrdersOptions;
  readonly #listeners = new Set<(standing: Standing) => void>();
  #hand: HandOrders;
  #told: Standing;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: DrainOrdersOptions) {
    this.#options = options;
    this.#hand = options.hand;
    this.#told = this.current();
    this.#watch();
  }

  static async open(options: Omit<DrainOrdersOptions, 'hand'>): Promise<DrainOrders> {
    return new DrainOrders({ ...options, hand: await options.store.read() });
  }

  current(): Standing {
    const entry = this.#entry();
    const { bytesPerSecond, objectsPerSecond } = this.#limits();
    return { ...this.#run(entry?.allowed), bytesPerSecond, objectsPerSecond };
  }

  facts(): OrdersFacts {
    const { timetable, now, enabled } = this.#options;
    const entry = this.#entry();
    const { run, by } = this.#run(entry?.allowed);
    const limits = this.#limits();
    const limitsBy = this.#hand.limits ? 'hand' : entry && entry.allowed !== 'off' ? 'timetable' : 'none';
    const why = {
      hand: `ordered by hand on ${new Date(this.#hand.run?.sinceMs ?? 0).toISOString()}`,
      timetable: `backfill.timetable, "${entry?.text}"`,
      configuration: `backfill.enabled is ${enabled}`,
    }[by];
    return { run, by, why, limits, limitsBy, timetableChangesMs: timetable.changesAt(now()) };
  }

  /** Whether it is to run at some time: by the configuration, or by an order. */
  get wanted(): boolean {
    return this.#options.enabled || this.#hand.run?.order === 'running';
  }

  onChange(listener: (standing: Standing) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** From now on, whatever timetable and configuration say; also after a restart. */
  start(): Promise<void> {
    return this.#order('start', { run: { order: 'running', sinceMs: this.#options.now() } });
  }

  pause(): Promise<void> {
    return this.#order('pause', { run: { order: 'paused', sinceMs: this.#options.now() } });
  }

  /** Takes start or pause back: timetable and configuration decide again. */
  resume(): Promise<void> {
    return this.#order('resume', { run: undefined });
  }

  /** In place of the timetable's; undefined: the timetable decides again. */
  limit(limits: Limits | undefined): Promise<void> {
    return this.#order('limits', { limits });
  }

  /** Told of no more changes. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#listeners.clear();
    await this.#writing;
  }

  /** One after the other: two orders of one moment are both kept. */
  #order(name: string, change: Partial<HandOrders>): Promise<void> {
    const { store, ordered } = this.#options;
    const done = this.#writing.then(async () => {
      const next = { ...this.#hand, ...change };
      await store.write(next);
      this.#hand = next;
      ordered(name);
      this.#tell();
    });
    // Whoever ordered is told; the next order does not depend on it.
    this.#writing = done.catch(() => undefined);
    return done;
  }

  #entry() {
    return this.#options.timetable.at(this.#options.now());
  }

  #run(allowed: 'off' | Limits | undefined): Pick<Standing, 'run' | 'by'> {
    if (this.#hand.run) return { run: this.#hand.run.order, by: 'hand' };
    if (!this.#options.enabled) return { run: 'paused', by: 'configuration' };
    if (allowed === undefined) return { run: 'running', by: 'configuration' };
    return { run: allowed === 'off' ? 'paused' : 'running', by: 'timetable' };
  }

  #limits(): Limits {
    if (this.#hand.limits) return this.#hand.limits;
    const allowed = this.#entry()?.allowed;
    return allowed === undefined || allowed === 'off' ? {} : allowed;
  }

  /** At each full minute, since the clock may be set and a machine may sleep meanwhile. */
  #watch(): void {
    if (this.#options.timetable.empty) return;
    const now = this.#options.now();
    this.#timer = setTimeout(
      () => {
        this.#tell();
        this.#watch();
      },
      minuteMs - (now % minuteMs),
    ).unref();
  }

  #tell(): void {
    const standing = this.current();
    const same = (Object.keys(standing) as (keyof Standing)[]).every((name) => standing[name] === this.#told[name]);
    if (same) return;
    this.#told = standing;
    for (const listener of this.#listeners) listener(standing);
  }
}

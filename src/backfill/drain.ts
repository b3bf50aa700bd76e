import type { BackfillLane } from '../copy/backfill-lane.ts';
import type { CopyPace } from '../copy/copy-pace.ts';
import type { TurnEnd } from '../copy/copy-turn.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Marks } from '../marks/marks.ts';
import { hides } from '../protocol/state.ts';
import { type DrainFacts, type DrainState, etaOf } from './drain-facts.ts';
import { DrainPlan } from './drain-plan.ts';
import { DrainSource } from './drain-source.ts';
import type { Orders, Standing } from './orders.ts';
import type { Plan, PlannedFile } from './plan.ts';
import { RecentCopies } from './recent-copies.ts';
import type { RestOptions, RestReason } from './source-rest.ts';
import type { Strain } from './strain.ts';

export interface DrainOptions {
  readonly plan: Plan;
  readonly orders: Orders;
  readonly ledger: Pick<Ledger, 'backfill' | 'backfillReady' | 'counts' | 'liftAllBut'>;
  readonly marks: Pick<Marks, 'get'>;
  readonly pace: Pick<CopyPace, 'limitBackfill' | 'slowDownMs'>;
  /** By name, in the order in which they are asked. */
  readonly sources: ReadonlyMap<string, Strain>;
  /** Copies from one source at once, at most. */
  readonly most: number;
  readonly rest: RestOptions;
  readonly now: () => number;
  readonly events: DrainEvents;
}

export interface DrainEvents {
  standing(standing: Standing): void;
  planned(files: number, bytes: number): void;
  sourcePaused(source: string, why: RestReason, untilMs: number): void;
  /** Nothing is left in the plan, and nothing waits. */
  done(copied: { files: number; bytes: number }): void;
  copied(source: string, bytes: number): void;
  failed(error: unknown): void;
}

/** Files of a source that are kept in the second lane. */
const windowFiles = 256;
/** So many may wait after a failure, a source, until nothing new is taken from it: memory and rows are bounded. */
const mostWaiting = 10_000;
/** How long between two looks when nothing else calls for one, in milliseconds. */
const idleMs = 1000;
/** The same, after something went wrong. */
const afterFailureMs = 10_000;
/** A file that was given up is not taken again for so long, in milliseconds. */
const reviveMs = 24 * 3600_000;

/**
 * Carries up what nobody asks for: keeps a window of the plan in the second lane of copies, as the operator's orders, the sources' errors and
 * the disks' latency allow. What is in the lane is durable; the rest is remembered by the plan.
 */
export class Drain implements BackfillLane {
  readonly #options: DrainOptions;
  readonly #sources: ReadonlyMap<string, DrainSource>;
  readonly #recent: RecentCopies;
  readonly #plan: DrainPlan;
  #standing: Standing;
  #stopped = false;
  #loop: Promise<void> | undefined;
  #wake = new AbortController();
  #doneTold = 0;
  #forgetOrders: (() => void) | undefined;

  constructor(options: DrainOptions) {
    const { sources, most, rest, now, plan, events, orders } = options;
    this.#options = options;
    this.#sources = new Map(
      [...sources].map(([name, strain]) => [name, new DrainSource(name, strain, { most, rest })]),
    );
    this.#recent = new RecentCopies(now);
    this.#standing = orders.current();
    const made = (files: number, bytes: number) => {
      events.planned(files, bytes);
      // Where nothing was below from the start, nothing is through: perhaps no source was scanned yet.
      if (files === 0 && this.#recent.total.files === 0) this.#doneTold = this.#plan.made;
      this.#askAgain();
    };
    this.#plan = new DrainPlan({ plan, now, failed: (error) => events.failed(error), made });
    this.#limit();
  }

  start(): void {
    const { orders, events } = this.#options;
    this.#forgetOrders = orders.onChange(() => this.#hurry());
    events.standing(this.#standing);
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#forgetOrders?.();
    this.#hurry();
    await this.#plan.stop();
    await this.#loop;
  }

  /** A scan, a listing or the like has ended: a plan that is made now is a better one. */
  changed(): void {
    this.#plan.changed();
    this.#hurry();
  }

  places(underWay: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    if (this.#stopped || this.#standing.run === 'paused') return new Map();
    const now = this.#options.now();
    const places = [...this.#sources.values()].map(
      (source) => [source.name, source.places(underWay.get(source.name) ?? 0, now)] as const,
    );
    return new Map(places);
  }

  begun(name: string, underWay: number): void {
    this.#sources.get(name)?.begun(underWay);
  }

  ended(name: string, _key: string, end: TurnEnd | undefined): void {
    const source = this.#sources.get(name);
    if (!source) return;
    const { now, events } = this.#options;
    source.window = Math.max(0, source.window - 1);
    if (source.window < windowFiles / 2 && source.mayAsk(now())) this.#hurry();
    if (!end) return;
    if (end.outcome.type === 'copied') {
      this.#recent.add(end.bytes);
      events.copied(name, end.bytes);
    }
    if (!source.ended(end, now())) return;
    const { untilMs, why } = source.resting(now()) ?? {};
    if (untilMs !== undefined && why !== undefined) events.sourcePaused(name, why, untilMs);
  }

  /** One look at orders, sources and plan. Resolves to when the next is due, in milliseconds. */
  async look(): Promise<number> {
    const { orders, events, now, ledger } = this.#options;
    const standing = orders.current();
    if (!same(standing, this.#standing)) events.standing(standing);
    this.#standing = standing;
    this.#limit();
    // What waits for a source that is not used any more is had from another, or not at all.
    const inUse = [...this.#sources.values()].filter((source) => source.inUse).map(({ name }) => name);
    await ledger.liftAllBut(inUse);
    if (standing.run === 'paused') return idleMs;
    for (const source of this.#sources.values()) source.window = await ledger.backfillReady(source.name, now());
    const again = await this.#fill();
    this.#plan.look(this.#through());
    await this.#tellDone();
    return again ? 0 : idleMs;
  }

  async facts(): Promise<DrainFacts> {
    const { now, plan } = this.#options;
    const left = await plan.left();
    const waiting = await this.#waiting();
    const sum = left && {
      ...left,
      files: left.bySource.reduce((all, { files }) => all + files, 0),
      bytes: left.bySource.reduce((all, { bytes }) => all + bytes, 0),
    };
    const lastTenMinutes = this.#recent.rate(600_000);
    return {
      state: this.#state(sum?.files, waiting),
      standing: this.#standing,
      sources: [...this.#sources.values()].map((source) => source.facts(now())),
      waiting,
      copied: this.#recent.total,
      lastMinute: this.#recent.rate(60_000),
      lastTenMinutes,
      left: sum,
      eta: etaOf(sum, waiting, lastTenMinutes),
    };
  }

  async #run(): Promise<void> {
    const { plan, events } = this.#options;
    try {
      this.#plan.found((await plan.left())?.madeMs);
    } catch (error) {
      events.failed(error);
    }
    while (!this.#stopped) {
      this.#wake = new AbortController();
      let waitMs = afterFailureMs;
      try {
        waitMs = await this.look();
      } catch (error) {
        events.failed(error);
      }
      await slept(waitMs, this.#wake.signal);
    }
  }

  #limit(): void {
    const { bytesPerSecond, objectsPerSecond } = this.#standing;
    this.#options.pace.limitBackfill({ bytes: bytesPerSecond, requests: objectsPerSecond });
  }

  #hurry(): void {
    this.#wake.abort();
  }

  #askAgain(): void {
    for (const source of this.#sources.values()) source.askAgain();
    this.#hurry();
  }

  #through(): boolean {
    return [...this.#sources.values()].every(({ through, inUse }) => through || !inUse);
  }

  /** Puts the next files of the plan into the lane. True: there is more, and room for it. */
  async #fill(): Promise<boolean> {
    const { plan, now, ledger } = this.#options;
    const { backfill } = await ledger.counts(now());
    const without = this.#leftAlone(
      (source) =>
        source.resting(now()) !== undefined ||
        !source.mayAsk(now()) ||
        source.window >= windowFiles / 2 ||
        (backfill.get(source.name) ?? 0) - source.window >= mostWaiting,
    );
    if (without.size === this.#sources.size) return false;
    const files = await plan.next(windowFiles, without);
    await this.#take(files);
    const more = files.length === windowFiles;
    for (const source of this.#sources.values()) if (!without.has(source.name)) source.gave(more, now());
    return more;
  }

  async #take(files: readonly PlannedFile[]): Promise<void> {
    if (files.length === 0) return;
    const { ledger, marks, now, plan } = this.#options;
    const wanted: PlannedFile[] = [];
    for (const file of files)
      if (this.#sources.has(file.source) && !hides(await marks.get(file.key))) wanted.push(file);
    if (wanted.length > 0) await ledger.backfill(wanted, now(), now() - reviveMs);
    for (const { source } of wanted) this.#sources.get(source)!.window += 1;
    await plan.took(files);
  }

  #leftAlone(which: (source: DrainSource) => boolean): Set<string> {
    return new Set([...this.#sources.values()].filter(which).map(({ name }) => name));
  }

  async #tellDone(): Promise<void> {
    const { events } = this.#options;
    const made = this.#plan.made;
    if (!this.#through() || this.#plan.making || this.#doneTold === made) return;
    if ((await this.#waiting()) > 0) return;
    this.#doneTold = made;
    events.done(this.#recent.total);
  }

  async #waiting(): Promise<number> {
    const { ledger, now } = this.#options;
    const { backfill } = await ledger.counts(now());
    return [...backfill.values()].reduce((sum, n) => sum + n, 0);
  }

  #state(left: number | undefined, waiting: number): DrainState {
    const now = this.#options.now();
    if (this.#standing.run === 'paused') return 'paused';
    if (this.#options.pace.slowDownMs > 0) return 'slowed-down';
    const resting = this.#leftAlone((source) => source.resting(now) !== undefined);
    if (resting.size > 0 && resting.size === this.#sources.size) return 'sources-paused';
    if (waiting > 0 || (left ?? 0) > 0) return 'copying';
    if (this.#plan.making) return 'planning';
    return left === undefined ? 'no-plan' : 'done';
  }
}

function same(a: Standing, b: Standing): boolean {
  return (
    a.run === b.run &&
    a.by === b.by &&
    a.bytesPerSecond === b.bytesPerSecond &&
    a.objectsPerSecond === b.objectsPerSecond
  );
}

/** Resolves then, or when it is called off, if that is sooner. */
async function slept(ms: number, calledOff: AbortSignal): Promise<void> {
  const early = Promise.withResolvers<void>();
  calledOff.addEventListener('abort', () => early.resolve(), { once: true });
  if (calledOff.aborted) early.resolve();
  const timer = setTimeout(early.resolve, ms);
  await early.promise;
  clearTimeout(timer);
}

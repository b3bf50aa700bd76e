import { setImmediate as turn } from 'node:timers/promises';
import { hides } from '../../../src/protocol/state.ts';
import { mayBegin } from '../../../src/protocol/step.ts';
import type { Bed } from './bed.ts';
import type { Fate, Loose } from './calls.ts';
import { brokenAtTheEnd, brokenForReader } from './checks.ts';
import { allOptional, type Choice } from './choice.ts';
import { Clients } from './clients.ts';
import { type Plan, planOf } from './plan.ts';
import { looksMs, Program } from './program.ts';
import { restarted } from './restarted.ts';
import { noTally, type Tally } from './tally.ts';
import { storedUnder } from './truth.ts';
import { Watch } from './watch.ts';
import type { Weakness } from './weakness.ts';

export interface Played {
  readonly plan: Plan;
  /** Rules that were broken; the schedule ends with the first. */
  readonly broken: readonly string[];
  /** What happened, in order. */
  readonly trace: readonly string[];
  /** Marks, record, object and clients when all was over. */
  readonly end: string;
  readonly tally: Tally;
}

/** Far more than any schedule needs. */
const maxSteps = 3000;

/** One key's life with the real stores, one thing after the other in an order that its seed decides. */
export class Schedule {
  readonly #bed: Bed;
  readonly #plan: Plan;
  readonly #key: string;
  readonly #weakness: Weakness;
  readonly #clients: Clients;
  readonly #watch: Watch;
  readonly #left: { crashes: number; fault: number; refusal: number };
  readonly #broken: string[] = [];
  readonly #trace: string[] = [];
  readonly #tally = noTally();
  #loose: Loose[] = [];
  #program: Program;
  /** Milliseconds since the epoch. */
  #clock = Date.UTC(2026, 0, 1);
  #end = 'it did not come to an end';

  /** `key`: one that no other schedule has. */
  constructor(bed: Bed, seed: number, key: string, weakness: Weakness = {}) {
    this.#bed = bed;
    this.#plan = planOf(seed);
    this.#key = key;
    this.#weakness = weakness;
    const { world } = this.#plan;
    this.#left = { crashes: world.crashes, fault: world.faults, refusal: world.refusals };
    this.#clients = new Clients(world, key);
    this.#watch = new Watch(bed, world, key, this.#clients, (rule) => this.#broken.push(rule));
    this.#program = this.#started();
  }

  /** Does not throw: what fails is told with its trace, like a broken rule. */
  async play(): Promise<Played> {
    try {
      await this.#begin();
      while (this.#broken.length === 0 && (await this.#step()));
      if (this.#broken.length === 0) await this.#atRest();
    } catch (error) {
      this.#failed(error);
    }
    this.#tally.acked = this.#clients.acked;
    this.#tally.unleased = this.#clients.unleased;
    return { plan: this.#plan, broken: this.#broken, trace: this.#trace, end: this.#end, tally: this.#tally };
  }

  async #begin(): Promise<void> {
    const { before, below } = this.#plan.world;
    if (before) await this.#bed.put(this.#key, before === 'same' ? 'source' : 'other');
    if (below) await this.#ask();
  }

  /** False: nothing more will happen by itself. */
  async #step(): Promise<boolean> {
    const choices = await this.#choices();
    if (allOptional(choices)) return false;
    const choice = this.#plan.choices.weighted(choices);
    const hidden = this.#clients.hidden;
    this.#trace.push(choice.label);
    this.#clock += 1;
    this.#tally.steps += 1;
    if (this.#tally.steps > maxSteps) this.#broken.push('I5 it never comes to rest');
    await choice.take();
    // What the program does with it until it asks for something again takes no real waiting.
    for (let i = 0; i < 3; i++) await turn();
    if (this.#clients.hidden > hidden) await this.#reader();
    return true;
  }

  async #choices(): Promise<Choice[]> {
    const choices = [
      ...this.#program.calls.fates().flatMap((fate) => this.#fate(fate)),
      ...this.#comers(),
      ...(await this.#turns()),
    ];
    if (allOptional(choices) && (await this.#mayBeAskedFor()))
      choices.push({ label: 'a reader asks for a copy', weight: 1, take: () => this.#ask() });
    return choices;
  }

  /** What becomes of a call of the program's. */
  #fate({ label, costs, come }: Fate): Choice[] {
    if (costs === 'nothing') return [{ label, weight: 6, take: come }];
    if (this.#left[costs] === 0) return [];
    const take = async () => {
      this.#left[costs] -= 1;
      this.#tally[costs === 'fault' ? 'faults' : 'refusals'] += 1;
      await come();
    };
    return [{ label, weight: 1, optional: true, take }];
  }

  /** Clients, readers and crashes. */
  #comers(): Choice[] {
    const choices: Choice[] = [];
    const { next } = this.#clients;
    if (next !== undefined) {
      const label = `client ${next}: ${this.#plan.world.mutations[next]} is sent`;
      choices.push({ label, weight: this.#plan.pace, take: () => this.#program.send(next) });
    }
    for (const giveUp of this.#program.leases.waiting)
      choices.push({ label: 'no lease in time', weight: 2, optional: true, take: giveUp });
    if (this.#clients.hidden > 0)
      choices.push({ label: 'a reader comes', weight: 0.3, optional: true, take: () => this.#reader() });
    if (this.#left.crashes > 0)
      choices.push({ label: 'CRASH, restart', weight: 0.3, optional: true, take: () => this.#crash() });
    return choices;
  }

  /** The scheduler's turns, and what is still on its way to the store. */
  async #turns(): Promise<Choice[]> {
    const { rules } = this.#plan.world;
    const record = await this.#bed.ledger.record(this.#key);
    const { look } = record;
    const free = !this.#program.leases.taken(this.#key);
    const lastLook = look !== undefined && look + 1 >= rules.looks;
    const mayDie = free && (look === undefined || lastLook);
    const choices = this.#loose.flatMap((loose) => this.#late(loose, mayDie));
    if (free && record.status === 'wanted' && look !== 0 && mayBegin(rules, record))
      choices.push({ label: 'the copy begins', weight: 1, take: () => this.#copy() });
    // Late requests have landed or died by the time of the last look: it comes a day later.
    if (free && look !== undefined && (!lastLook || this.#loose.length === 0))
      choices.push({ label: `look ${look} is due`, weight: 1, take: () => this.#look(look) });
    return choices;
  }

  /** A request that never lands might as well have landed until it must be gone: before the last look, or when all is over. */
  #late(loose: Loose, mayDie: boolean): Choice[] {
    const gone = () => {
      this.#loose = this.#loose.filter((other) => other !== loose);
    };
    const lands = async () => {
      gone();
      this.#tally.lateLandings += 1;
      await loose.lands();
    };
    const choices: Choice[] = [{ label: `late: ${loose.label}`, weight: 0.7, take: lands }];
    if (mayDie) choices.push({ label: `never: ${loose.label}`, weight: 0.7, take: gone });
    return choices;
  }

  async #copy(): Promise<void> {
    const queued = await this.#bed.ledger.queued(this.#key);
    this.#clock = Math.max(this.#clock, queued?.notBeforeMs ?? 0);
    this.#program.begin('copy');
  }

  #look(index: number): void {
    this.#clock += looksMs[index - 1] ?? 0;
    this.#program.begin('look');
  }

  async #ask(): Promise<void> {
    await this.#bed.ledger.ask(new Map([[this.#key, 1]]), this.#clock, this.#clock);
  }

  async #mayBeAskedFor(): Promise<boolean> {
    const { world } = this.#plan;
    if (!world.below || hides(await this.#bed.marks.get(this.#key))) return false;
    const { status } = await this.#bed.ledger.record(this.#key);
    if (status !== 'none' && status !== 'refused') return false;
    return (await storedUnder(this.#bed, world, this.#key)) === undefined;
  }

  /** Whatever was under way is never answered, and a new process starts over what the old one wrote. */
  async #crash(): Promise<void> {
    this.#left.crashes -= 1;
    this.#tally.crashes += 1;
    const written = await this.#program.calls.die(() => this.#plan.choices.chance(0.5));
    this.#trace.push(...written.map((label) => `before it died: ${label}`));
    this.#clients.cutOff();
    this.#program = this.#started();
    if (!this.#weakness.forgetful) await restarted(this.#bed, this.#key, this.#clock);
  }

  #started(): Program {
    return new Program({
      bed: this.#bed,
      plan: this.#plan,
      key: this.#key,
      clients: this.#clients,
      watch: this.#watch,
      weakness: this.#weakness,
      now: () => this.#clock,
      loosened: (loose) => this.#loose.push(loose),
      failed: (error) => this.#failed(error),
    });
  }

  async #reader(): Promise<void> {
    this.#tally.readers += 1;
    this.#broken.push(...(await brokenForReader(this.#bed, this.#plan.world, this.#key, this.#clients)));
  }

  async #atRest(): Promise<void> {
    const held = this.#program.leases.taken(this.#key) || !this.#program.calls.idle;
    const { broken, at } = await brokenAtTheEnd(this.#bed, this.#plan.world, this.#key, {
      clients: this.#clients,
      held,
    });
    this.#broken.push(...broken);
    this.#end = JSON.stringify({ ...at.marks, ...at.record, stored: at.stored, clients: at.clients });
    this.#tally.copied = at.record.status === 'copied' ? 1 : 0;
    this.#tally.inParts = this.#plan.world.inParts ? this.#tally.copied : 0;
  }

  #failed(error: unknown): void {
    this.#broken.push(`it failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

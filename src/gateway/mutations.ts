import type { Ledger, RecordChange } from '../ledger/ledger.ts';
import type { MarkRecord, Marks, NewIntent } from '../marks/marks.ts';
import type { Leases, LetGo } from '../protocol/leases.ts';
import { isHiding, type MarkChange, marked } from '../protocol/marking.ts';
import type { Forwarded, KeyEvent, MutationOutcome, Rules, State, Step } from '../protocol/state.ts';
import { step } from '../protocol/step.ts';

export interface MutationsOptions {
  readonly marks: Pick<Marks, 'record' | 'update'>;
  readonly ledger: Pick<Ledger, 'record' | 'change'>;
  readonly leases: Leases;
  /** What the store can do; undefined while the bucket is not known to be the right one: nothing is forwarded then. */
  readonly rules: () => Rules | undefined;
  /** What is cached of the key, and under way to the cache, is not to be shown any more. */
  readonly purge: (key: string) => void;
  /** How long a lease is waited for, in milliseconds. */
  readonly leaseWaitMs: number;
  readonly now: () => number;
}

export interface Mutation {
  readonly key: string;
  readonly intent: NewIntent;
}

/** Sends the mutations that are on record, once, and tells what the store said to each. */
export type Forward = (mutations: readonly Mutation[]) => Promise<ReadonlyMap<string, Forwarded>>;

export type MutationResult = MutationOutcome['as'];

/** A mutation whose lease is held. */
interface Held extends Mutation {
  readonly letGo: LetGo;
  readonly holder: { readonly disturbed: boolean };
  state: State;
}

/**
 * What clients change, one key or a thousand: lease, intent, forward, settle, each step durable before the next. What each step is, the
 * protocol says.
 */
export class Mutations {
  readonly #options: MutationsOptions;

  constructor(options: MutationsOptions) {
    this.#options = options;
  }

  /** Keys must differ. What `forward` throws is thrown on, after its mutations were left to be looked after. */
  async run(mutations: readonly Mutation[], forward: Forward): Promise<ReadonlyMap<string, MutationResult>> {
    const rules = this.#options.rules();
    const results = new Map<string, MutationResult>();
    const held = new Map<string, Held>();
    try {
      if (rules) await this.#hold(mutations, held);
      const without = mutations.filter(({ key }) => !held.has(key));
      if (without.length > 0) await this.#withoutLease(without, results);
      if (rules) await this.#withLease(rules, [...held.values()], forward, results);
      return results;
    } finally {
      for (const { letGo } of held.values()) letGo();
    }
  }

  /** In one order for all, so that two batches never wait for each other. */
  async #hold(mutations: readonly Mutation[], held: Map<string, Held>): Promise<void> {
    const { leases, ledger, leaseWaitMs, now } = this.#options;
    const until = now() + leaseWaitMs;
    for (const { key, intent } of [...mutations].sort((a, b) => (a.key < b.key ? -1 : 1))) {
      const holder = {
        disturbed: false,
        disturb() {
          holder.disturbed = true;
        },
      };
      const letGo = await leases.acquire(key, holder, Math.max(0, until - now()));
      if (letGo) held.set(key, { key, intent, letGo, holder, state: free });
    }
    for (const mutation of held.values()) mutation.state = { ...free, ...(await ledger.record(mutation.key)) };
  }

  /** What hides is recorded all the same, and reconcile carries it out; anything else is not begun. */
  async #withoutLease(mutations: readonly Mutation[], results: Map<string, MutationResult>): Promise<void> {
    const { marks, ledger, leases, purge, now } = this.#options;
    const hiding = mutations.filter(({ intent }) => isHiding(intent.kind));
    for (const { key, intent } of mutations) results.set(key, isHiding(intent.kind) ? 'recorded' : 'busy');
    // Before it is written: whoever holds the lease must not write down the end of its looks after ours were begun.
    for (const { key } of hiding) leases.disturb(key);
    const intents = new Map(hiding.map(({ key, intent }) => [key, intent]));
    const saves = new Map<string, RecordChange>();
    const record = (before: MarkRecord, key: string): MarkRecord => {
      const intent = intents.get(key)!;
      const { marks: changes = [], save } = step(anyRules, { ...free, marks: before }, { type: 'hide', intent });
      if (save) saves.set(key, save);
      return changes.reduce(marked, before);
    };
    await marks.update([...intents.keys()], record, now());
    for (const { key } of hiding) purge(key);
    await Promise.all([...saves].map(([key, save]) => ledger.change(key, save, { lookAtMs: now() }, now())));
  }

  async #withLease(
    rules: Rules,
    held: readonly Held[],
    forward: Forward,
    results: Map<string, MutationResult>,
  ): Promise<void> {
    const begun = await this.#step(rules, held, ({ intent }) => ({ type: 'mutate', intent }));
    for (const [mutation, { outcome }] of begun) if (outcome?.type === 'mutated') results.set(mutation.key, outcome.as);
    const forwarding = [...begun].flatMap(([mutation, { effect }]) => (effect ? [mutation] : []));
    if (forwarding.length === 0) return;
    let answers: ReadonlyMap<string, Forwarded> = new Map();
    try {
      answers = await forward(forwarding);
    } finally {
      // Whoever was not told of has no known outcome.
      const answered = await this.#step(rules, forwarding, ({ key }) => ({
        type: 'forwarded',
        answer: answers.get(key) ?? 'unknown',
      }));
      for (const [{ key }, { outcome }] of answered) if (outcome?.type === 'mutated') results.set(key, outcome.as);
    }
  }

  /** One step of each key: all marks in one transaction, then the ledger. */
  async #step(
    rules: Rules,
    held: readonly Held[],
    eventOf: (mutation: Held) => KeyEvent,
  ): Promise<ReadonlyMap<Held, Step>> {
    const { marks, ledger, purge, now } = this.#options;
    const steps = new Map<Held, Step>();
    const changes = new Map<string, readonly MarkChange[]>();
    for (const mutation of held) {
      const record = await marks.record(mutation.key);
      const result = step(
        rules,
        { ...mutation.state, marks: record, disturbed: mutation.holder.disturbed },
        eventOf(mutation),
      );
      steps.set(mutation, result);
      if (result.marks) changes.set(mutation.key, result.marks);
      mutation.state = result.state;
    }
    if (changes.size > 0)
      await marks.update([...changes.keys()], (record, key) => (changes.get(key) ?? []).reduce(marked, record), now());
    for (const [{ key }, { purge: purging }] of steps) if (purging) purge(key);
    await Promise.all(
      [...steps].map(async ([mutation, { save, outcome }]) => {
        const look = mutation.holder.disturbed && outcome ? { look: 0 } : {};
        if (save || 'look' in look) await ledger.change(mutation.key, { ...save, ...look }, { lookAtMs: now() }, now());
      }),
    );
    return steps;
  }
}

const free: State = {
  status: 'none',
  attempts: [],
  look: undefined,
  deleting: false,
  marks: { mark: { generation: 0, below: 'open', shown: 'unset' }, intents: [] },
  stage: { at: 'free' },
  disturbed: false,
};

/** Recording what hides asks nothing of the store. */
const anyRules: Rules = { conditional: false, acls: false, looks: 0 };

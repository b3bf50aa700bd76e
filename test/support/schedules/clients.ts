import type { Forwarded } from '../../../src/protocol/state.ts';
import type { Client, World } from '../explorer/snapshot.ts';

interface Sent {
  at: Client['at'];
  after: number;
  forwarded: Forwarded | undefined;
}

/** What each client has sent and been told. */
export class Clients {
  readonly #world: World;
  readonly #prefix: string;
  readonly #sent: Sent[];
  #unleased = 0;

  constructor(world: World, prefix: string) {
    this.#world = world;
    this.#prefix = prefix;
    this.#sent = world.mutations.map(() => ({ at: 'idle', after: 0, forwarded: undefined }));
  }

  get all(): readonly Client[] {
    return this.#sent.map(({ at, after }) => ({ at, after }));
  }

  intentId(i: number): string {
    return `${this.#prefix}-m${i}`;
  }

  /** The next who may send: each waits for the one before, or for its answer. */
  get next(): number | undefined {
    const i = this.#sent.findIndex(({ at }) => at === 'idle');
    if (i < 0) return undefined;
    const before = this.#sent[i - 1];
    return !before || !this.#world.inARow || isAnswered(before) ? i : undefined;
  }

  sends(i: number): void {
    const after = this.#sent.reduce((bits, client, j) => (isAnswered(client) ? bits | (1 << j) : bits), 0);
    this.#sent[i] = { at: 'waiting', after, forwarded: undefined };
  }

  /** The marks were written: a mutation whose intent is there is on record, one that the store refused is undone. */
  marksWritten(open: ReadonlySet<string>): void {
    for (const [i, client] of this.#sent.entries()) {
      const isOpen = open.has(this.intentId(i));
      if (client.at === 'waiting' && isOpen) client.at = 'forwarding';
      if (client.at === 'forwarding' && !isOpen && client.forwarded === 'refused') client.at = 'refused';
    }
  }

  forwarded(i: number, answer: Forwarded | undefined): void {
    this.#sent[i]!.forwarded = answer;
  }

  told(i: number, result: string): void {
    if (result === 'recorded') this.#unleased += 1;
    const at = result === 'done' ? 'acked' : result === 'refused' || result === 'busy' ? 'refused' : 'unanswered';
    this.#sent[i]!.at = at;
  }

  /** The process died. */
  cutOff(): void {
    for (const client of this.#sent) {
      if (client.at === 'waiting') client.at = 'refused';
      if (client.at === 'forwarding') client.at = 'unanswered';
    }
  }

  /** How many were told that what hides is done. */
  get hidden(): number {
    return this.#sent.filter(({ at }, i) => at === 'acked' && /delete|private/.test(this.#world.mutations[i]!)).length;
  }

  /** How many were recorded without the lease. */
  get unleased(): number {
    return this.#unleased;
  }

  get acked(): number {
    return this.#sent.filter(({ at }) => at === 'acked').length;
  }
}

function isAnswered({ at }: Sent): boolean {
  return at === 'acked' || at === 'refused' || at === 'unanswered';
}

import type { Attempt } from '../../../src/ledger/ledger.ts';
import type { Effect, State } from '../../../src/protocol/state.ts';
import type { Answer, Request, Snapshot, Stored } from './snapshot.ts';

/** How many numbers tell a state. */
export const partsOfState = 12;

/** Numbers for the parts of states: equal parts have equal numbers. */
export class Parts {
  readonly #numbers = Array.from({ length: partsOfState }, () => new Map<string, number>());

  /** Writes the numbers of a state to `at`, where those of `from`, the state it came from, are: they share most of their parts. */
  write(to: Uint16Array, at: number, s: Snapshot, from: Snapshot | undefined): void {
    if (from?.marks !== s.marks) to[at] = this.#number(0, marksText(s.marks));
    if (from?.record !== s.record) to[at + 1] = this.#number(1, recordText(s.record));
    if (from?.stage !== s.stage) to[at + 2] = this.#number(2, stageText(s.stage));
    if (from?.effect !== s.effect) to[at + 3] = this.#number(3, s.effect ? effectText(s.effect) : '');
    if (from?.answer !== s.answer) to[at + 4] = this.#number(4, s.answer ? answerText(s.answer) : '');
    if (from?.stored !== s.stored) to[at + 5] = this.#number(5, s.stored ? storedText(s.stored) : '');
    if (from?.loose !== s.loose) to[at + 6] = this.#number(6, s.loose.map(requestText).join());
    if (from?.clients !== s.clients) to[at + 7] = this.#number(7, clientsText(s.clients));
    if (from?.reader !== s.reader) to[at + 8] = this.#number(8, readerText(s.reader));
    if (from?.cache !== s.cache) to[at + 9] = this.#number(9, s.cache ?? '');
    to[at + 10] = countsOf(s);
    to[at + 11] = flagsOf(s);
  }

  /** 0: nothing, as rows are at first. */
  #number(part: number, text: string): number {
    if (text === '') return 0;
    const numbers = this.#numbers[part]!;
    const known = numbers.get(text);
    if (known !== undefined) return known;
    const next = numbers.size + 1;
    if (next > 0xffff) throw new Error('more parts than two bytes can tell apart');
    numbers.set(text, next);
    return next;
  }
}

export function requestText(request: Request): string {
  switch (request.type) {
    case 'copy':
      return `c${request.id}${request.what[0]}${request.acl[1]}${request.onlyIfAbsent ? 1 : 0}`;
    case 'put':
      return `p${request.mutation}`;
    case 'delete':
      return 'd';
    case 'set-acl':
      return `a${request.acl[1]}`;
  }
}

/** Each is less than eight. */
function countsOf(s: Snapshot): number {
  return ((s.crashes * 8 + s.faults) * 8 + s.refusals) * 8 + s.ids;
}

function flagsOf({ disturbed, file, arriving, confirmed }: Snapshot): number {
  const kept = confirmed === undefined ? 0 : confirmed === 'source' ? 1 : 2;
  return (disturbed ? 1 : 0) + (file === 'source' ? 0 : 2) + (arriving ? 4 : 0) + kept * 8;
}

function clientsText(clients: Snapshot['clients']): string {
  return clients.map(({ at, after }) => `${at[0]}${after}`).join();
}

function marksText({ mark, intents }: Snapshot['marks']): string {
  const open = intents.map((i) => `${i.id}${i.kind}${i.generation}${i.before.below[0]}${i.before.shown[1]}`);
  return `${mark.generation}${mark.below[0]}${mark.shown[1]}${open.join()}`;
}

function recordText({ status, look, deleting, attempts }: Snapshot['record']): string {
  return `${status[0]}${look ?? ''}${deleting ? 'd' : ''}${attempts.map(attemptText).join()}`;
}

function attemptText({ id, generation, md5, unconditional }: Attempt): string {
  return `${id}.${generation}${md5[0]}${unconditional ? 'u' : ''}`;
}

function readerText(reader: Snapshot['reader']): string {
  if (reader.at === 'none') return '';
  return `${reader.at[0]}${reader.content ?? ''}${reader.open ? 1 : 0}${reader.barred ? 1 : 0}${reader.forbidden.join('')}`;
}

function stageText(stage: State['stage']): string {
  switch (stage.at) {
    case 'sending':
      return `s${attemptText(stage.attempt)}`;
    case 'checking':
      return `c${stage.content.md5[0]}${stage.sent ? attemptText(stage.sent) : ''}`;
    case 'sending-parts':
      return `p${attemptText(stage.attempt)}`;
    case 'looking':
      return `l${stage.look ?? ''}.${stage.over ?? ''}`;
    case 'mending':
      return `m${stage.first ? 1 : 0}${stage.intent ?? ''}`;
    case 'forwarding':
      return `f${stage.id}`;
    default:
      return stage.at.slice(0, 2);
  }
}

function effectText(effect: Effect): string {
  if (effect.type === 'send') return `send${effect.acl[1]}${effect.onlyIfAbsent ? 1 : 0}`;
  return 'acl' in effect ? `${effect.type}${effect.acl[1]}` : effect.type;
}

function answerText(answer: Answer): string {
  switch (answer.of) {
    case 'put':
      return `P${answer.put.kind}`;
    case 'look':
      return `L${answer.look.kind === 'object' ? JSON.stringify(answer.look.facts) : answer.look.kind}`;
    case 'mend':
      return `M${answer.mend}`;
    case 'forward':
      return `F${answer.forwarded}`;
  }
}

function storedText({ what, copyId, intentId, acl, unseen }: Stored): string {
  return `${what}${copyId ?? ''}${intentId ?? ''}${acl[1]}${unseen ? 'x' : ''}`;
}

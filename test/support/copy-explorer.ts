import type { Acl, Look, MendAnswer, PutAnswer } from '../../src/bucket/object-store.ts';
import { clientPutMayPass, step as realStep } from '../../src/copy/protocol.ts';
import { apply, type Effect, type Rules, type State, type Step } from '../../src/copy/protocol-state.ts';
import { type CopyRecord, noRecord } from '../../src/ledger/ledger.ts';
import type { Mark } from '../../src/marks/marks.ts';

/** What a client does through the write host; each succeeds at the store at once. */
export type Mutation = 'delete' | 'put' | 'acl-private' | 'acl-public';

export interface World {
  readonly rules: Rules;
  readonly mutations: readonly Mutation[];
  /** An object that was in the bucket before: another's, or one with the same bytes (as an earlier rclone leaves it). */
  readonly before?: 'other' | 'same';
  readonly sourceAcl: Acl;
  readonly crashes: number;
  /** Requests that time out and may still land, or whose answer is lost, or that are refused. */
  readonly faults: number;
  readonly maxAttempts: number;
  /** The function under exploration; a weakened one shows that the explorer can fail. */
  readonly step?: typeof realStep;
}

interface Stored {
  readonly what: 'source' | 'other' | 'new';
  readonly id?: string;
  readonly acl: Acl;
}

type Request =
  | { readonly type: 'put'; readonly id: string; readonly acl: Acl; readonly onlyIfAbsent: boolean }
  | { readonly type: 'delete' }
  | { readonly type: 'set-acl'; readonly acl: Acl };

/** One state of the whole: the program's durable and volatile parts, the store, and what is on the wire. */
interface Snapshot {
  readonly mark: Mark;
  readonly record: CopyRecord;
  readonly stage: State['stage'];
  /** Asked for by the last step and not begun yet. */
  readonly effect: Effect | undefined;
  /** An answer on its way to the program. */
  readonly answer: { put?: PutAnswer; look?: Look; mend?: MendAnswer } | undefined;
  readonly stored: Stored | undefined;
  /** Sent by a process or a call that no longer listens: may land at any time, or never. */
  readonly loose: readonly Request[];
  readonly done: number;
  readonly acked: readonly Mutation[];
  readonly lookedAt: string | undefined;
  readonly crashes: number;
  readonly faults: number;
  readonly ids: number;
}

export interface Exploration {
  readonly states: number;
  readonly atRest: number;
  /** How often a copy was at rest as copied: an exploration that never gets there shows nothing. */
  readonly copiedAtRest: number;
  readonly violations: ReadonlyMap<string, readonly string[]>;
}

const content = (acl: Acl) => ({ md5: 'source', size: 1, acl });

/** Visits every state that can be reached, breadth first, and checks the invariants in each. */
export function explore(world: World): Exploration {
  const violations = new Map<string, string[]>();
  const seen = new Map<string, { parent: string | undefined; label: string }>();
  const queue: [string, Snapshot][] = [];
  let atRest = 0;
  let copiedAtRest = 0;

  const trace = (id: string | undefined): string[] => {
    const labels: string[] = [];
    for (let at = id; at !== undefined; at = seen.get(at)?.parent) labels.push(seen.get(at)?.label ?? '');
    return labels.reverse();
  };
  const violated = (rule: string, id: string, extra = ''): void => {
    if (!violations.has(rule)) violations.set(rule, extra === '' ? trace(id) : [...trace(id), extra]);
  };
  const add = (snapshot: Snapshot, label: string, parent: string | undefined): void => {
    const id = JSON.stringify(snapshot);
    if (seen.has(id)) return;
    seen.set(id, { parent, label });
    queue.push([id, snapshot]);
  };

  add(start(world), 'the file is on the disk, a copy is wanted', undefined);
  for (const [id, snapshot] of queue) {
    let moves = 0;
    for (const move of successors(world, snapshot)) {
      if (!move.optional) moves += 1;
      for (const broken of move.broken ?? []) violated(broken, id, move.label);
      add(move.to, move.label, id);
    }
    for (const broken of brokenNow(snapshot)) violated(broken, id);
    if (moves > 0) continue;
    atRest += 1;
    if (snapshot.record.status === 'copied') copiedAtRest += 1;
    for (const broken of brokenAtRest(world, snapshot)) violated(broken, id);
  }
  return { states: seen.size, atRest, copiedAtRest, violations };
}

function start(world: World): Snapshot {
  return {
    mark: { generation: 0, below: 'open', shown: 'unset' },
    record: { ...noRecord, status: 'wanted' },
    stage: { at: 'free' },
    effect: undefined,
    answer: undefined,
    stored: world.before && { what: world.before === 'same' ? 'source' : 'other', acl: 'public' },
    loose: [],
    done: 0,
    acked: [],
    lookedAt: undefined,
    crashes: world.crashes,
    faults: world.faults,
    ids: 0,
  };
}

interface Move {
  readonly label: string;
  readonly to: Snapshot;
  readonly broken?: readonly string[];
  /** A fault: a state from which only faults lead on is at rest. */
  readonly optional?: boolean;
}

function* successors(world: World, s: Snapshot): Generator<Move> {
  const run = world.step ?? realStep;
  const after = (base: Snapshot, result: Step): Snapshot => ({
    ...base,
    record: recordOf(apply(base.record, result.save)),
    stage: result.state.stage,
    effect: result.effect,
    answer: undefined,
  });
  const state = (base: Snapshot): State => ({ ...base.record, stage: base.stage });
  const idle = s.effect === undefined && s.answer === undefined;

  // The scheduler.
  if (s.stage.at === 'free') {
    const mayTry = world.rules.conditional || s.record.attempts.length === 0;
    if (s.record.status === 'wanted' && mayTry && s.ids < world.maxAttempts)
      yield { label: 'the copy begins', to: after(s, run(world.rules, state(s), { type: 'begin', mark: s.mark })) };
    // Late requests have landed or died by the time of the last look: it comes a day later.
    if (s.record.look !== undefined && (s.record.look + 1 < world.rules.looks || s.loose.length === 0))
      yield { label: `look ${s.record.look} is due`, to: after(s, run(world.rules, state(s), { type: 'look-due' })) };
  }

  // What the program does next.
  if (s.effect?.type === 'spool') {
    const newId = `c${s.ids + 1}`;
    const spooled = run(world.rules, state(s), {
      type: 'spooled',
      content: content(world.sourceAcl),
      mark: s.mark,
      newId,
    });
    const sends = spooled.effect?.type === 'send';
    yield checked(s, { label: 'the source is spooled', to: { ...after(s, spooled), ids: s.ids + (sends ? 1 : 0) } });
  }
  if (s.effect?.type === 'look') {
    const look: Look = s.stored === undefined ? { kind: 'missing' } : { kind: 'object', facts: factsOf(s.stored) };
    yield {
      label: 'the store is looked at',
      to: { ...s, effect: undefined, answer: { look }, lookedAt: whatIs(s.stored) },
    };
    if (s.faults > 0) {
      const unavailable: Look = { kind: 'unavailable', trouble: 'timeout' };
      yield {
        label: 'a look fails',
        to: { ...s, effect: undefined, answer: { look: unavailable }, faults: s.faults - 1 },
        optional: true,
      };
    }
  }
  if (s.effect?.type === 'send' || s.effect?.type === 'delete' || s.effect?.type === 'set-acl')
    yield* sent(s, requestOf(s.effect));

  // Answers.
  if (s.answer?.put)
    yield checked(s, {
      label: `answer: ${s.answer.put.kind}`,
      to: after(s, run(world.rules, state(s), { type: 'answered', answer: s.answer.put, mark: s.mark })),
    });
  if (s.answer?.mend)
    yield {
      label: `answer: ${s.answer.mend}`,
      to: after(s, run(world.rules, state(s), { type: 'mended', answer: s.answer.mend })),
    };
  if (s.answer?.look) {
    const newId = `c${s.ids + 1}`;
    const result = run(world.rules, state(s), { type: 'looked', look: s.answer.look, mark: s.mark, newId });
    const sends = result.effect?.type === 'send';
    yield checked(s, {
      label: `looked: ${s.answer.look.kind}`,
      to: { ...after(s, result), ids: s.ids + (sends ? 1 : 0) },
    });
  }

  // Late requests.
  for (const [index, request] of s.loose.entries()) {
    const rest = s.loose.filter((_, other) => other !== index);
    const { stored, broken } = atStore(s, request);
    yield { label: `late: ${request.type} lands`, to: { ...s, stored, loose: rest }, broken };
    yield { label: `late: ${request.type} never lands`, to: { ...s, loose: rest } };
  }

  // A client.
  const mutation = world.mutations[s.done];
  if (mutation !== undefined) yield* mutate(world, run, s, mutation, idle);

  // A crash: what was sent goes on by itself, what was answered is forgotten.
  if (s.crashes > 0) {
    const inFlight = s.effect && s.effect.type !== 'look' && s.effect.type !== 'spool' ? [requestOf(s.effect)] : [];
    const crashed = {
      ...s,
      crashes: s.crashes - 1,
      loose: ordered([...s.loose, ...inFlight]),
      effect: undefined,
      answer: undefined,
    };
    const restarted = run(world.rules, state(crashed), { type: 'restarted' });
    yield { label: 'CRASH, restart', to: after(crashed, restarted), optional: true };
  }
}

function* sent(s: Snapshot, request: Request): Generator<Move> {
  const { stored, broken, answer } = atStore(s, request);
  yield { label: `the store does: ${request.type}`, to: { ...s, effect: undefined, stored, answer }, broken };
  if (s.faults === 0) return;
  const lost: Snapshot['answer'] =
    request.type === 'put' ? { put: { kind: 'unknown', reason: 'lost', slowDown: false } } : { mend: 'unknown' };
  const faulty = { ...s, effect: undefined, faults: s.faults - 1 };
  yield {
    label: `${request.type} is done, its answer lost`,
    to: { ...faulty, stored, answer: lost },
    broken,
    optional: true,
  };
  yield {
    label: `${request.type} times out`,
    to: { ...faulty, loose: ordered([...s.loose, request]), answer: lost },
    optional: true,
  };
  const refused: Snapshot['answer'] =
    request.type === 'put' ? { put: { kind: 'refused', status: 403, code: 'AccessDenied' } } : { mend: 'refused' };
  yield { label: `${request.type} is refused`, to: { ...faulty, answer: refused }, optional: true };
}

function* mutate(world: World, run: typeof realStep, s: Snapshot, mutation: Mutation, idle: boolean): Generator<Move> {
  const hides = mutation === 'delete' || mutation === 'acl-private';
  const cancellable = ['spooling', 'checking', 'sending'].includes(s.stage.at);
  if (s.stage.at !== 'free' && !cancellable) {
    // Somebody else holds the lease for too long: what hides is recorded all the same, and answered 503.
    if (!hides) {
      yield { label: `${mutation}: no lease, 503`, to: { ...s, done: s.done + 1 } };
      return;
    }
    const marked = { ...s, mark: markAfter(s.mark, mutation), done: s.done + 1 };
    const noted = run(world.rules, { ...marked.record, stage: marked.stage }, { type: 'mark-changed' });
    yield {
      label: `${mutation}: no lease, recorded, 503`,
      to: { ...marked, record: recordOf(apply(marked.record, noted.save)) },
    };
    return;
  }
  let base = s;
  if (cancellable) {
    const inFlight = s.effect && s.effect.type === 'send' ? [requestOf(s.effect)] : [];
    const cancelled = run(world.rules, { ...s.record, stage: s.stage }, { type: 'cancel' });
    base = {
      ...s,
      record: recordOf(apply(s.record, cancelled.save)),
      stage: cancelled.state.stage,
      effect: undefined,
      answer: undefined,
      loose: ordered([...s.loose, ...inFlight]),
    };
  } else if (!idle) return;
  if (mutation === 'put' && !clientPutMayPass(world.rules, base.record)) {
    yield { label: 'put: an upload of ours is unsettled, 503', to: { ...base, done: s.done + 1 } };
    return;
  }
  yield {
    label: `${mutation}: done and acknowledged`,
    to: {
      ...base,
      mark: markAfter(base.mark, mutation),
      stored: storedAfter(base.stored, mutation),
      done: s.done + 1,
      acked: [...base.acked, mutation],
    },
  };
}

function markAfter(mark: Mark, mutation: Mutation): Mark {
  const generation = mark.generation + 1;
  if (mutation === 'delete') return { generation, below: 'closed', shown: 'gone' };
  if (mutation === 'put') return { generation, below: 'closed', shown: 'public' };
  if (mark.shown === 'gone') return { ...mark, generation };
  return { ...mark, generation, shown: mutation === 'acl-private' ? 'private' : 'public' };
}

function storedAfter(stored: Stored | undefined, mutation: Mutation): Stored | undefined {
  if (mutation === 'delete') return undefined;
  if (mutation === 'put') return { what: 'new', acl: 'public' };
  return stored && { ...stored, acl: mutation === 'acl-private' ? 'private' : 'public' };
}

function atStore(s: Snapshot, request: Request) {
  const broken: string[] = [];
  if (request.type === 'delete') {
    if (s.mark.shown !== 'gone' && s.stored?.what === 'new') broken.push('I2 what a client stored was deleted');
    return { stored: undefined, broken, answer: { mend: 'done' as const } };
  }
  if (request.type === 'set-acl') {
    const stored = s.stored && { ...s.stored, acl: request.acl };
    return { stored, broken, answer: { mend: s.stored ? ('done' as const) : ('missing' as const) } };
  }
  if (request.onlyIfAbsent && s.stored)
    return { stored: s.stored, broken, answer: { put: { kind: 'exists' as const } } };
  if (s.stored && s.stored.id === undefined) broken.push('I2 a copy overwrote an object that was not ours');
  return {
    stored: { what: 'source' as const, id: request.id, acl: request.acl },
    broken,
    answer: { put: { kind: 'stored' as const } },
  };
}

/** I4: `copied` is recorded only while the bucket holds the source's bytes. */
function checked(before: Snapshot, move: Move): Move {
  const became = before.record.status !== 'copied' && move.to.record.status === 'copied';
  if (!became || move.to.stored?.what === 'source') return move;
  // A look tells what was there when it was taken: a request that lands since is the business of the next look.
  if (before.answer?.look?.kind === 'object' && before.lookedAt === 'source' && move.to.record.look !== undefined)
    return move;
  return { ...move, broken: ['I4 copied, but the bucket does not hold it'] };
}

/** What a reader who starts now is shown: the mark first, then the bucket, then the source. */
function shownTo(s: Snapshot): Stored['what'] | undefined {
  if (s.mark.shown === 'gone' || s.mark.shown === 'private') return undefined;
  if (s.stored) return s.stored.acl === 'public' ? s.stored.what : undefined;
  return s.mark.below === 'closed' || s.record.status === 'copied' ? undefined : 'source';
}

function* brokenNow(s: Snapshot): Generator<string> {
  const last = s.acked.at(-1);
  const hidden = last === 'delete' || (last === 'acl-private' && s.done === s.acked.length);
  if (hidden && shownTo(s) !== undefined) yield `I3 shown after an acknowledged ${last}`;
  if (s.acked.includes('put') || s.acked.includes('delete')) {
    if (shownTo(s) === 'source' && s.stored === undefined)
      yield 'I3 a source answers for a key that was deleted or replaced';
  }
}

function* brokenAtRest(world: World, s: Snapshot): Generator<string> {
  if (s.mark.shown === 'gone' && s.stored) yield 'I3 gone, but in the bucket at rest';
  if (s.mark.shown === 'private' && s.stored?.acl === 'public') yield 'I3 private, but public in the bucket at rest';
  if (s.record.attempts.length > 0) yield 'I6 an attempt stays open for ever';
  if (s.record.look !== undefined) yield 'I6 a look stays due for ever';
  if (s.record.deleting) yield 'I6 a DELETE of ours stays unsettled for ever';
  if (s.stage.at !== 'free') yield 'I5 the lease is never let go';
  const lastPut = s.acked.lastIndexOf('put');
  if (lastPut >= 0 && s.acked.lastIndexOf('delete') < lastPut && s.stored?.what !== 'new' && s.mark.shown !== 'gone')
    yield 'I2 an acknowledged upload is lost';
  const hidden = s.mark.below === 'closed' || s.mark.shown === 'gone';
  if (hidden) return;
  if (!s.stored && s.ids < world.maxAttempts) yield 'I5 never copied, though nothing hides it';
  if (s.stored?.what === 'source' && s.record.status !== 'copied') yield 'I5 in the bucket, but not recorded as copied';
  if (s.stored?.what === 'other' && s.record.status !== 'superseded')
    yield 'I4 another object is there, not recorded as superseded';
  if (s.stored?.id && s.mark.shown === 'unset' && s.stored.acl !== world.sourceAcl)
    yield 'I3 a copy has the wrong ACL at rest';
  if (s.stored && s.mark.shown === 'public' && s.stored.acl === 'private')
    yield 'I1 made public by a client, private at rest';
}

function requestOf(effect: Effect): Request {
  if (effect.type === 'send')
    return { type: 'put', id: effect.attempt.id, acl: effect.acl, onlyIfAbsent: effect.onlyIfAbsent };
  if (effect.type === 'delete') return { type: 'delete' };
  if (effect.type === 'set-acl') return { type: 'set-acl', acl: effect.acl };
  throw new Error(`${effect.type} sends nothing that changes the store`);
}

function factsOf(stored: Stored) {
  const id = stored.id === undefined ? {} : { copyId: stored.id };
  return { ...id, md5: stored.what, size: 1, acl: stored.acl };
}

function whatIs(stored: Stored | undefined): string | undefined {
  return stored?.what;
}

function recordOf(record: CopyRecord): CopyRecord {
  return { status: record.status, attempts: record.attempts, look: record.look, deleting: record.deleting };
}

function ordered(requests: readonly Request[]): readonly Request[] {
  return [...requests].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

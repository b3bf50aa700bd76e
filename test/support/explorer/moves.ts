import { marked } from '../../../src/protocol/marking.ts';
import { apply, hides, intendedAcl, type KeyEvent, type State, type Step } from '../../../src/protocol/state.ts';
import { step as realStep } from '../../../src/protocol/step.ts';
import { clientMoves, hidesMeanwhile } from './client-moves.ts';
import { ofInterest, readerMoves } from './reader-moves.ts';
import {
  type Answer,
  type Client,
  type Content,
  noReader,
  type Request,
  type Snapshot,
  type Stored,
  type World,
} from './snapshot.ts';
import { carriedOut, factsOf, isOurs, ordered, requestOf } from './store.ts';

export interface Move {
  readonly label: string;
  readonly to: Snapshot;
  readonly broken?: readonly string[];
  /** A fault: a state from which only faults lead on is at rest. */
  readonly optional?: boolean;
}

/** Everything that can happen next. */
export function* moves(world: World, s: Snapshot): Generator<Move> {
  yield* scheduler(world, s);
  yield* program(world, s);
  yield* late(world, s);
  yield* clientMoves(world, s);
  yield* readerMoves(world, s);
  yield* others(world, s);
  yield* crashes(world, s);
}

export function stateOf(s: Snapshot): State {
  return { ...s.record, marks: s.marks, stage: s.stage, disturbed: s.disturbed };
}

/** Runs the protocol's step: what must be durable is, and its effect is yet to begin. */
export function stepped(world: World, s: Snapshot, event: KeyEvent): { to: Snapshot; step: Step } {
  const step = (world.step ?? realStep)(world.rules, stateOf(s), event);
  return { to: written(world, s, step), step };
}

/** `s`: the state when the step is written, which may be later than when it was decided. */
export function written(world: World, s: Snapshot, step: Step): Snapshot {
  const purged = step.purge ? purge(world, s) : s;
  return {
    ...purged,
    marks: (step.marks ?? []).reduce(world.marked ?? marked, s.marks),
    record: step.save ? recordOf(apply(s.record, step.save)) : s.record,
    stage: step.state.stage,
    disturbed: step.state.disturbed,
    effect: step.effect,
    answer: undefined,
  };
}

function recordOf({ status, attempts, look, deleting }: Snapshot['record']): Snapshot['record'] {
  return { status, attempts, look, deleting };
}

/** What is cached goes; what is under way to the cache is not stored. */
function purge(world: World, s: Snapshot): Snapshot {
  const barred = s.reader.at !== 'none' && world.purgeLeaves !== 'fills';
  return {
    ...s,
    cache: world.purgeLeaves === 'cache' ? s.cache : undefined,
    reader: barred ? ofInterest(world, { ...s.reader, barred }) : s.reader,
  };
}

function* progress(world: World, s: Snapshot, label: string, event: KeyEvent, ids = 0): Generator<Move> {
  const { to, step } = stepped(world, s, event);
  const named = step.effect?.type === 'send' || step.effect?.type === 'send-parts';
  const confirmed =
    world.changes && event.type === 'answered' && step.outcome?.type === 'copied' ? sentBy(s) : undefined;
  const as = (next: Snapshot) => ({
    ...next,
    ids: s.ids + (named ? ids : 0),
    confirmed: confirmed ?? next.confirmed,
  });
  const next = as(to);
  yield { label, to: next, broken: notCopied(s, next) };
  yield* torn(world, s, step, next, label);
  yield* hidesMeanwhile(world, s, step, label, as);
}

function sentBy({ stage }: Snapshot): Content | undefined {
  return stage.at === 'sending' ? (stage.attempt.md5 as Content) : undefined;
}

/** Two files: the one may be written and the other not. */
export function* torn(world: World, s: Snapshot, step: Step, next: Snapshot, label: string): Generator<Move> {
  if (s.crashes > 0 && step.marks && step.save)
    yield* crashes(world, { ...s, marks: next.marks }, `${label}, the marks are written, `);
}

function* scheduler(world: World, s: Snapshot): Generator<Move> {
  if (s.stage.at !== 'free') return;
  const { record } = s;
  const asked = record.status === 'wanted' && record.look !== 0;
  const begins = () => stepped(world, s, { type: 'begin' }).step.outcome?.type !== 'later';
  if (asked && s.ids < world.maxAttempts && begins()) yield* progress(world, s, 'the copy begins', { type: 'begin' });
  // Late requests have landed or died by the time of the last look: it comes a day later.
  if (record.look !== undefined && (record.look + 1 < world.rules.looks || s.loose.length === 0))
    yield* progress(world, s, `look ${record.look} is due`, { type: 'look-due' });
  const asks = record.status === 'none' || record.status === 'refused';
  if (asks && !hides(s.marks.mark) && notSpooled(world, s) === undefined && !s.stored)
    yield { label: 'a reader asks for a copy', to: { ...s, record: { ...record, status: 'wanted' } } };
}

function* program(world: World, s: Snapshot): Generator<Move> {
  const { effect, answer } = s;
  const newId = `c${s.ids + 1}`;
  if (effect?.type === 'spool') yield* spooled(world, s, newId);
  if (effect?.type === 'look') yield* looks(s);
  if (effect?.type === 'send-parts') yield* parts(world, s);
  const request = effect && requestOf(world, effect);
  if (request) yield* sent(world, s, request);
  if (!answer) return;
  switch (answer.of) {
    case 'put':
      return yield* progress(world, s, `answer: ${answer.put.kind}`, { type: 'answered', answer: answer.put });
    case 'mend':
      return yield* progress(world, s, `answer: ${answer.mend}`, { type: 'mended', answer: answer.mend });
    case 'look':
      return yield* progress(world, s, `looked: ${answer.look.kind}`, { type: 'looked', look: answer.look, newId }, 1);
    case 'forward':
      return;
  }
}

function* spooled(world: World, s: Snapshot, newId: string): Generator<Move> {
  const reason = notSpooled(world, s);
  if (reason === undefined) {
    const inParts = world.inParts?.includes(s.file) ?? false;
    const content = { md5: s.file, size: 1, acl: world.sourceAcl, inParts };
    return yield* progress(world, s, 'the source is spooled', { type: 'spooled', content, newId }, 1);
  }
  // The copier forgets a key that no source has, and gives up what nothing would hide in the bucket.
  const { to } = stepped(world, s, { type: 'not-spooled', reason });
  const status = reason === 'gone-below' ? 'none' : 'refused';
  yield { label: `not spooled: ${reason}`, to: { ...to, record: { ...to.record, status } } };
}

function* parts(world: World, s: Snapshot): Generator<Move> {
  yield* progress(world, s, 'the parts are sent', { type: 'parts-sent' });
  if (s.faults === 0) return;
  const { to } = stepped(world, s, { type: 'parts-not-sent', reason: 'bucket-unavailable' });
  yield { label: 'the parts cannot be sent', to: { ...to, faults: s.faults - 1 }, optional: true };
}

function notSpooled(
  { below, rules, sourceAcl }: World,
  s: Snapshot,
): 'gone-below' | 'private-without-acls' | undefined {
  if (!below) return 'gone-below';
  return !rules.acls && intendedAcl(s.marks.mark, sourceAcl) === 'private' ? 'private-without-acls' : undefined;
}

function* looks(s: Snapshot): Generator<Move> {
  const { stored } = s;
  const look =
    stored === undefined ? { kind: 'missing' as const } : { kind: 'object' as const, facts: factsOf(stored) };
  const answer: Answer = { of: 'look', look, saw: stored?.what };
  yield { label: 'the store is looked at', to: { ...s, effect: undefined, answer } };
  if (s.faults === 0) return;
  const failed: Answer = { of: 'look', look: { kind: 'unavailable', trouble: 'timeout' }, saw: undefined };
  yield {
    label: 'a look fails',
    to: { ...s, effect: undefined, answer: failed, faults: s.faults - 1 },
    optional: true,
  };
}

function* sent(world: World, s: Snapshot, request: Request): Generator<Move> {
  const text = `${request.type}`;
  const { stored, broken, answer } = carriedOut(world, s, request);
  const base = { ...s, effect: undefined };
  const notOurs = [...broken, ...deletedUploads(s, request)];
  yield { label: `the store does: ${text}`, to: { ...base, stored, answer: told(world, s, answer) }, broken: notOurs };
  if (s.faults > 0) {
    const faulty = { ...base, faults: s.faults - 1, answer: told(world, s, 'unknown') };
    yield { label: `${text} is done, its answer lost`, to: { ...faulty, stored }, broken: notOurs, optional: true };
    yield { label: `${text} times out`, to: { ...faulty, loose: ordered([...s.loose, request]) }, optional: true };
  }
  if (s.refusals > 0) {
    const to = { ...base, refusals: s.refusals - 1, answer: told(world, s, 'refused') };
    yield { label: `${text} is refused`, to, optional: true };
  }
}

/** What the program hears, in the words of whoever sent the request. */
function told(world: World, s: Snapshot, answer: 'done' | 'exists' | 'missing' | 'unknown' | 'refused'): Answer {
  if (s.stage.at === 'sending') {
    if (answer === 'refused') return { of: 'put', put: { kind: 'refused', status: 403, code: 'AccessDenied' } };
    if (answer === 'unknown') return { of: 'put', put: { kind: 'unknown', reason: 'lost', slowDown: false } };
    return { of: 'put', put: { kind: answer === 'exists' ? 'exists' : 'stored' } };
  }
  if (s.stage.at === 'forwarding') {
    // 404 to an ACL change: a source that may be used has it, or it is the client's error.
    const kept = world.below && s.marks.mark.below === 'open';
    const forwarded = answer === 'missing' ? (kept ? 'done' : 'refused') : answer === 'exists' ? 'refused' : answer;
    return { of: 'forward', forwarded };
  }
  return { of: 'mend', mend: answer === 'exists' ? 'refused' : answer };
}

function* late(world: World, s: Snapshot): Generator<Move> {
  // A request that never lands might as well have landed until it must be gone: before the last look, or when all is over.
  const { look } = s.record;
  const gives = s.stage.at === 'free' && (look === undefined || look + 1 >= world.rules.looks);
  for (const [index, request] of s.loose.entries()) {
    const loose = s.loose.filter((_, other) => other !== index);
    const { stored, broken } = carriedOut(world, s, request);
    yield { label: `late: ${request.type} lands`, to: { ...s, stored, loose }, broken };
    if (gives) yield { label: `late: ${request.type} never lands`, to: { ...s, loose } };
  }
}

/** What is neither ours nor a client's. It need not happen. */
function* others(world: World, s: Snapshot): Generator<Move> {
  if (world.changes && s.file === 'source')
    yield { label: 'the file is written anew', to: { ...s, file: 'rewritten' }, optional: true };
  if (!s.arriving || s.stored || s.stage.at === 'free') return;
  const unseen = hasLooked(s) || s.loose.some(({ type }) => type === 'copy');
  const stored: Stored = { what: 'other', acl: 'public', ...(unseen && { unseen }) };
  yield { label: 'somebody puts another object there', to: { ...s, stored, arriving: false }, optional: true };
}

/** Whether a copy has taken its last look. */
function hasLooked({ stage, answer }: Snapshot): boolean {
  if (stage.at !== 'checking') return stage.at === 'sending';
  return answer !== undefined && (stage.sent !== undefined || !stage.content.inParts);
}

/** What was sent goes on by itself, what was answered is forgotten. */
function* crashes(world: World, s: Snapshot, label = ''): Generator<Move> {
  if (s.crashes === 0) return;
  const request = s.effect && requestOf(world, s.effect);
  const left: Snapshot = {
    ...s,
    crashes: s.crashes - 1,
    loose: request ? ordered([...s.loose, request]) : s.loose,
    stage: { at: 'free' },
    disturbed: false,
    effect: undefined,
    answer: undefined,
    cache: undefined,
    reader: noReader,
    clients: s.clients.map(cutOff),
  };
  yield { label: `${label}CRASH, restart`, to: stepped(world, left, { type: 'restarted' }).to, optional: true };
}

function cutOff(client: Client): Client {
  if (client.at === 'waiting') return { ...client, at: 'refused' };
  return client.at === 'forwarding' ? { ...client, at: 'unanswered' } : client;
}

/** I2: only under `gone` is a client's upload deleted. */
function deletedUploads(s: Snapshot, request: Request): string[] {
  const ours = request.type === 'delete' && s.stage.at === 'mending';
  if (!ours || s.marks.mark.shown === 'gone' || !s.stored?.what.startsWith('new')) return [];
  return ['I2 what a client uploaded was deleted'];
}

/** I4: `copied` is recorded only while the bucket holds the source's bytes. */
function notCopied(before: Snapshot, to: Snapshot): string[] {
  const became = before.record.status !== 'copied' && to.record.status === 'copied';
  if (!became || isOurs(to.stored?.what)) return [];
  // A look tells what was there when it was taken: a request that lands since is the business of the next look.
  const saw = before.answer?.of === 'look' && isOurs(before.answer.saw);
  return saw && to.record.look !== undefined ? [] : ['I4 copied, but the bucket does not hold it'];
}

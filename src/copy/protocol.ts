import type { Acl, Look, MendAnswer, PutAnswer } from '../bucket/object-store.ts';
import type { Attempt, CopyReason, CopyRecord, RecordChange } from '../ledger/ledger.ts';
import type { Mark } from '../marks/marks.ts';

/**
 * The protocol of a copy as a pure function: `step(rules, state, event)` gives the next state, what must be durable, and the one
 * thing to do next. The program runs exactly this function, and the tests explore it exhaustively.
 *
 * Who holds a key's lease is in exactly one of these stages:
 *
 *     spooling   reading the source whole; nothing was sent
 *     checking   the store ignores If-None-Match: looking whether something is there
 *     sending    the upload is under way; its attempt is durable
 *     looking    finding out what the bucket holds (reconcile)
 *     mending    making the bucket agree with the mark (reconcile)
 *
 * An answer of unknown outcome never ends in a guess: the attempt stays open and looks begin. Looks go on after `copied`, because
 * a cut PUT can land later; only the last look closes an attempt whose outcome nobody told.
 */
export interface Rules {
  /** The store honours `If-None-Match: *` on PutObject. */
  readonly conditional: boolean;
  /** How many looks follow an unknown outcome; the first comes at once. */
  readonly looks: number;
}

/** What was read from the source, whole. */
export interface Content {
  readonly md5: string;
  readonly size: number;
  readonly acl: Acl;
}

export type Stage =
  | { readonly at: 'free' }
  | { readonly at: 'spooling' }
  | { readonly at: 'checking'; readonly content: Content }
  | { readonly at: 'sending'; readonly attempt: Attempt }
  /** `look`: index of the scheduled look; undefined: caused by an answer. `over`: the attempt that was answered: it cannot land any more. */
  | { readonly at: 'looking'; readonly look: number | undefined; readonly over: string | undefined }
  /** `first`: no other DELETE of ours is of unknown outcome. */
  | { readonly at: 'mending'; readonly first: boolean };

export interface State extends CopyRecord {
  readonly stage: Stage;
}

export type CopyEvent =
  /** The scheduler took the key up. */
  | { readonly type: 'begin'; readonly mark: Mark }
  | { readonly type: 'spooled'; readonly content: Content; readonly mark: Mark; readonly newId: string }
  | { readonly type: 'not-spooled'; readonly reason: CopyReason; readonly final: boolean }
  | { readonly type: 'answered'; readonly answer: PutAnswer; readonly mark: Mark }
  /** A scheduled look came due. */
  | { readonly type: 'look-due' }
  | { readonly type: 'looked'; readonly look: Look; readonly mark: Mark; readonly newId: string }
  | { readonly type: 'mended'; readonly answer: MendAnswer }
  /** A mutation wants the lease, or the program stops. */
  | { readonly type: 'cancel' }
  /** A mark was changed without the lease. */
  | { readonly type: 'mark-changed' }
  | { readonly type: 'restarted' };

export type Effect =
  | { readonly type: 'spool' }
  | { readonly type: 'send'; readonly attempt: Attempt; readonly acl: Acl; readonly onlyIfAbsent: boolean }
  | { readonly type: 'look' }
  | { readonly type: 'delete' }
  | { readonly type: 'set-acl'; readonly acl: Acl };

/** How the lease was let go. */
export type Outcome =
  | { readonly type: 'copied' }
  | { readonly type: 'superseded' }
  | { readonly type: 'dropped' }
  | { readonly type: 'looked' }
  | { readonly type: 'later'; readonly reason: CopyReason }
  | { readonly type: 'refused'; readonly reason: CopyReason };

export interface Step {
  readonly state: State;
  /** Durable before `effect` begins. */
  readonly save?: RecordChange;
  /** Nothing to do: the lease is free. */
  readonly effect?: Effect;
  readonly outcome?: Outcome;
  /** The bucket disagrees with the mark, and the store refused to mend it. */
  readonly alarm?: 'mend-refused' | 'vanished';
}

/** May a client's PUT go on, or would a request of ours of unknown outcome overwrite or delete it later? */
export function clientPutMayPass(rules: Rules, record: CopyRecord): boolean {
  return !record.deleting && (rules.conditional || record.attempts.length === 0);
}

/** May the key be taken up now? On a store without conditions only one attempt may be open. */
export function mayBegin(rules: Rules, record: CopyRecord): boolean {
  return record.status === 'wanted' && (rules.conditional || record.attempts.length === 0);
}

/** One step. Events that do not fit the stage are programming errors and throw. */
export function step(rules: Rules, state: State, event: CopyEvent): Step {
  switch (event.type) {
    case 'begin':
      return begin(rules, state, event.mark);
    case 'spooled':
      return spooled(rules, state, event.content, event.mark, event.newId);
    case 'not-spooled':
      expect(state, 'spooling');
      return event.final
        ? letGo(state, { status: 'refused' }, { type: 'refused', reason: event.reason })
        : letGo(state, undefined, { type: 'later', reason: event.reason });
    case 'answered':
      return answered(state, event.answer, event.mark);
    case 'look-due':
      expect(state, 'free');
      return {
        state: { ...state, stage: { at: 'looking', look: state.look, over: undefined } },
        effect: { type: 'look' },
      };
    case 'looked':
      return looked(rules, state, event.look, event.mark, event.newId);
    case 'mended':
      return mended(state, event.answer);
    case 'cancel':
      return cancel(state);
    case 'mark-changed':
      return { state: { ...state, look: 0 }, save: { look: 0 } };
    case 'restarted':
      return restarted(state);
  }
}

function begin(rules: Rules, state: State, mark: Mark): Step {
  expect(state, 'free');
  if (hides(mark)) return letGo(state, { status: 'none' }, { type: 'dropped' });
  if (!mayBegin(rules, state)) return letGo(state, undefined, { type: 'later', reason: 'unknown-outcome' });
  return { state: { ...state, stage: { at: 'spooling' } }, effect: { type: 'spool' } };
}

function spooled(rules: Rules, state: State, content: Content, mark: Mark, newId: string): Step {
  expect(state, 'spooling');
  if (hides(mark)) return letGo(state, { status: 'none' }, { type: 'dropped' });
  if (rules.conditional) return send(state, mark, content, newId, true);
  return { state: { ...state, stage: { at: 'checking', content } }, effect: { type: 'look' } };
}

function send(state: State, mark: Mark, content: Content, id: string, onlyIfAbsent: boolean): Step {
  const { md5, size, acl: sourceAcl } = content;
  const attempt: Attempt = { id, generation: mark.generation, md5, size, sourceAcl };
  const attempts = [...state.attempts, attempt];
  return {
    state: { ...state, attempts, stage: { at: 'sending', attempt } },
    save: { attempts },
    effect: { type: 'send', attempt, acl: intendedAcl(mark, sourceAcl), onlyIfAbsent },
  };
}

function answered(state: State, answer: PutAnswer, mark: Mark): Step {
  const { attempt } = expect(state, 'sending');
  const without = state.attempts.filter((other) => other.id !== attempt.id);
  switch (answer.kind) {
    case 'stored':
      if (mark.generation === attempt.generation)
        return letGo(state, { status: 'copied', attempts: without }, { type: 'copied' });
      return lookNow(state, attempt.id);
    case 'exists':
      return lookNow(state, attempt.id);
    case 'refused':
      return letGo(state, { attempts: without }, { type: 'later', reason: 'store-refused' });
    case 'unknown':
      return letGo(state, { look: 0 }, { type: 'later', reason: answer.slowDown ? 'slow-down' : 'unknown-outcome' });
  }
}

function lookNow(state: State, over: string): Step {
  return { state: { ...state, stage: { at: 'looking', look: undefined, over } }, effect: { type: 'look' } };
}

function looked(rules: Rules, state: State, look: Look, mark: Mark, newId: string): Step {
  if (state.stage.at === 'checking') {
    if (look.kind === 'unavailable') return letGo(state, undefined, { type: 'later', reason: 'bucket-unavailable' });
    if (hides(mark)) return letGo(state, { status: 'none' }, { type: 'dropped' });
    const { content } = state.stage;
    if (look.kind === 'missing') return send(state, mark, content, newId, false);
    return reconcile(
      rules,
      { ...state, stage: { at: 'looking', look: undefined, over: undefined } },
      look,
      mark,
      content,
    );
  }
  expect(state, 'looking');
  return reconcile(rules, state, look, mark, undefined);
}

/** Makes the bucket agree with the mark, whatever the request was; then the record agree with the bucket. */
function reconcile(rules: Rules, state: State, look: Look, mark: Mark, content: Content | undefined): Step {
  const stage = expect(state, 'looking');
  if (look.kind === 'unavailable') {
    // Nothing was learnt. After an answer the attempt stays open and is looked for; a scheduled look stays due.
    const save: RecordChange | undefined =
      state.attempts.length > 0 && state.look === undefined ? { look: 0 } : undefined;
    return letGo(state, save, { type: 'later', reason: 'bucket-unavailable' });
  }
  const facts = look.kind === 'object' ? look.facts : undefined;
  const mine = facts && state.attempts.find((attempt) => attempt.id === facts.copyId);
  if (facts) {
    if (mark.shown === 'gone') return mend(state, { type: 'delete' });
    const acl = mark.shown === 'unset' ? mine?.sourceAcl : mark.shown;
    if (acl && acl !== facts.acl) return mend(state, { type: 'set-acl', acl });
  }
  const attempts = stage.over === undefined ? state.attempts : state.attempts.filter((a) => a.id !== stage.over);
  const known = content === undefined ? state.attempts : [...state.attempts, content];
  return conclude(rules, { ...state, attempts }, stage.look, verdict(state, facts, known, mark), state.attempts);
}

interface Verdict {
  readonly status?: CopyRecord['status'];
  readonly outcome: Outcome;
  readonly alarm?: 'vanished';
}

function verdict(
  state: State,
  facts: { md5?: string; size: number } | undefined,
  known: readonly (Content | Attempt)[],
  mark: Mark,
): Verdict {
  if (hides(mark))
    return state.status === 'wanted'
      ? { status: 'none', outcome: { type: 'dropped' } }
      : { outcome: { type: 'looked' } };
  if (facts) {
    if (known.some((ours) => facts.md5 === ours.md5 && facts.size === ours.size))
      return { status: 'copied', outcome: { type: 'copied' } };
    // What was confirmed stays: a later look without our content in hand cannot tell "ours" from "another's".
    if (state.status === 'copied') return { outcome: { type: 'looked' } };
    return { status: 'superseded', outcome: { type: 'superseded' } };
  }
  if (state.status === 'copied') return { outcome: { type: 'looked' }, alarm: 'vanished' };
  if (state.status === 'refused') return { outcome: { type: 'looked' } };
  return { status: 'wanted', outcome: { type: 'later', reason: 'missing-again' } };
}

/** Ends a look that found the bucket in agreement: the next one, or the end of all. */
function conclude(
  rules: Rules,
  state: State,
  look: number | undefined,
  verdict: Verdict,
  before: readonly Attempt[],
): Step {
  const alarm = verdict.alarm ? { alarm: verdict.alarm } : {};
  const status = verdict.status === undefined ? {} : { status: verdict.status };
  if (look !== undefined && look + 1 >= rules.looks) {
    return { ...letGo(state, { ...status, attempts: [], look: null, deleting: false }, verdict.outcome), ...alarm };
  }
  const next: RecordChange = {
    ...status,
    ...(state.attempts.length === before.length ? {} : { attempts: state.attempts }),
    ...(look === undefined ? {} : { look: look + 1 }),
  };
  return { ...letGo(state, next, verdict.outcome), ...alarm };
}

function mend(state: State, effect: Effect): Step {
  // A mending request of unknown outcome is itself looked after: that looks are due is durable before it is sent.
  const save: RecordChange = effect.type === 'delete' ? { look: 0, deleting: true } : { look: 0 };
  return { state: { ...apply(state, save), stage: { at: 'mending', first: !state.deleting } }, save, effect };
}

function mended(state: State, answer: MendAnswer): Step {
  const { first } = expect(state, 'mending');
  if (answer === 'unknown') return letGo(state, undefined, { type: 'later', reason: 'unknown-outcome' });
  const settled: RecordChange | undefined = first && state.deleting ? { deleting: false } : undefined;
  if (answer === 'refused')
    return { ...letGo(state, settled, { type: 'later', reason: 'store-refused' }), alarm: 'mend-refused' };
  return letGo(state, settled, { type: 'looked' });
}

function cancel(state: State): Step {
  switch (state.stage.at) {
    case 'spooling':
    case 'checking':
      return letGo(state, undefined, { type: 'later', reason: 'cancelled' });
    case 'sending':
      return letGo(state, { look: 0 }, { type: 'later', reason: 'cancelled' });
    default:
      throw new Error(`a copy that is ${state.stage.at} cannot be cancelled`);
  }
}

function restarted(state: State): Step {
  const free: State = { ...state, stage: { at: 'free' } };
  if (state.attempts.length === 0 && state.look === undefined) return { state: free };
  return { state: { ...free, look: 0 }, save: { look: 0 } };
}

function letGo(state: State, save: RecordChange | undefined, outcome: Outcome): Step {
  const next: State = { ...apply(state, save), stage: { at: 'free' } };
  return save ? { state: next, save, outcome } : { state: next, outcome };
}

/** The record after a change: what the ledger holds once the change is durable. */
export function apply<R extends CopyRecord>(record: R, change: RecordChange | undefined): R {
  if (!change) return record;
  const look = change.look === undefined ? record.look : (change.look ?? undefined);
  return {
    ...record,
    status: change.status ?? record.status,
    attempts: change.attempts ?? record.attempts,
    look,
    deleting: change.deleting ?? record.deleting,
  };
}

/** Sources may no longer be used for it, or it was deleted. */
function hides(mark: Mark): boolean {
  return mark.below === 'closed' || mark.shown === 'gone';
}

/** A mark outranks the file's own mode. */
export function intendedAcl(mark: Mark, sourceAcl: Acl): Acl {
  return mark.shown === 'public' || mark.shown === 'private' ? mark.shown : sourceAcl;
}

function expect<A extends Stage['at']>(state: State, at: A): Extract<Stage, { at: A }> {
  if (state.stage.at !== at) throw new Error(`the copy is ${state.stage.at}, not ${at}`);
  return state.stage as Extract<Stage, { at: A }>;
}

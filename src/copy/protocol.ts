import type { Look, MendAnswer, PutAnswer } from '../bucket/object-store.ts';
import type { Attempt, CopyRecord, RecordChange } from '../ledger/ledger.ts';
import type { Mark } from '../marks/marks.ts';
import {
  type Content,
  type CopyEvent,
  expect,
  hides,
  intendedAcl,
  letGo,
  type Rules,
  type State,
  type Step,
} from './protocol-state.ts';
import { reconcile } from './reconcile.ts';

/** May a client's PUT go on, or would a request of ours of unknown outcome overwrite or delete it later? */
export function clientPutMayPass(rules: Rules, record: CopyRecord): boolean {
  return !record.deleting && (rules.conditional || record.attempts.length === 0);
}

/** Uploads of unknown outcome that are looked after at once: no more are begun before the last look has closed them. */
const maxOpenAttempts = 5;

/** May the key be taken up now? On a store without conditions only one attempt may be open. */
export function mayBegin(rules: Rules, record: CopyRecord): boolean {
  return record.status === 'wanted' && record.attempts.length < (rules.conditional ? maxOpenAttempts : 1);
}

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
 *
 * Events that do not fit the stage are programming errors and throw.
 */
export function step(rules: Rules, state: State, event: CopyEvent): Step {
  switch (event.type) {
    case 'begin':
      return begin(rules, state, event.mark);
    case 'spooled':
      return spooled(rules, state, event.content, event.mark, event.newId);
    case 'not-spooled':
      expect(state, 'spooling');
      return letGo(state, undefined, { type: 'later', reason: event.reason });
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
      // Keys that are wrong or a bucket that is full are no object's own fault.
      return letGo(
        state,
        { attempts: without },
        { type: 'later', reason: [401, 403, 507].includes(answer.status) ? 'store-denied' : 'store-refused' },
      );
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

import type { MendAnswer, PutAnswer } from '../bucket/object-store.ts';
import type { Attempt, CopyRecord, RecordChange } from '../ledger/ledger.ts';
import type { MarkChange } from './marking.ts';
import { forwarded, hide, mutate } from './mutation.ts';
import { reconcile } from './reconcile.ts';
import {
  afterMarks,
  type Content,
  type Effect,
  expect,
  hides,
  intendedAcl,
  type KeyEvent,
  letGo,
  mayOverwrite,
  putOpen,
  type Rules,
  type State,
  type Step,
  withMarks,
} from './state.ts';

/** Uploads of unknown outcome that are looked after at once: no more are begun before the last look has closed them. */
const maxOpenAttempts = 5;

/** May the key be taken up now? Beside an attempt that may overwrite, none may be open. */
export function mayBegin(rules: Rules, { status, attempts }: CopyRecord): boolean {
  return status === 'wanted' && attempts.length < maxOpenAttempts && !mayOverwrite(rules, attempts);
}

/**
 * What happens to one key, as a pure function: `step(rules, state, event)` gives the next state, what must be durable, and the one
 * thing to do next. The program runs exactly this function, and the tests explore it exhaustively.
 *
 * Who holds a key's lease is in exactly one of these stages:
 *
 *     spooling       a copy: reading the source whole; nothing was sent
 *     checking       the upload will be unconditional: looking whether something is there
 *     sending-parts  a large one goes up in parts, of which nothing can become visible yet
 *     sending        the request that makes the object is under way; its attempt is durable
 *     looking        finding out what the bucket holds (reconcile)
 *     mending        making the bucket agree with the mark (reconcile)
 *     forwarding     a client's mutation is under way; its intent is durable
 *
 * An answer of unknown outcome never ends in a guess: the attempt or intent stays open and looks begin. Looks go on after `copied` and
 * after later mutations, because a cut PUT can land later; only the last look closes what nobody told the outcome of.
 *
 * Events that do not fit the stage are programming errors and throw.
 */
export function step(rules: Rules, state: State, event: KeyEvent): Step {
  switch (event.type) {
    case 'begin':
      return begin(rules, state);
    case 'spooled':
      return spooled(rules, state, event.content, event.newId);
    case 'not-spooled':
      expect(state, 'spooling');
      return letGo(state, undefined, { type: 'later', reason: event.reason });
    case 'parts-sent':
      return partsSent(state);
    case 'parts-not-sent':
      expect(state, 'sending-parts');
      return letGo(state, undefined, { type: 'later', reason: event.reason });
    case 'answered':
      return answered(state, event.answer);
    case 'look-due':
      expect(state, 'free');
      return {
        state: { ...state, stage: { at: 'looking', look: state.look, over: undefined } },
        effect: { type: 'look' },
      };
    case 'looked':
      return looked(rules, state, event);
    case 'mended':
      return mended(state, event.answer);
    case 'cancel':
      return cancel(state);
    case 'mutate':
      return mutate(rules, state, event.intent);
    case 'forwarded':
      return forwarded(state, event.answer);
    case 'hide':
      return hide(state, event.intent);
    case 'restarted':
      return restarted(state);
  }
}

function begin(rules: Rules, state: State): Step {
  expect(state, 'free');
  if (hides(state.marks.mark)) return letGo(state, { status: 'none' }, { type: 'dropped' });
  if (!mayBegin(rules, state) || putOpen(state.marks))
    return letGo(state, undefined, { type: 'later', reason: 'unknown-outcome' });
  return { state: { ...state, stage: { at: 'spooling' } }, effect: { type: 'spool' } };
}

function spooled(rules: Rules, state: State, content: Content, newId: string): Step {
  expect(state, 'spooling');
  if (hides(state.marks.mark)) return letGo(state, { status: 'none' }, { type: 'dropped' });
  if (rules.conditional && !content.inParts) return send(state, newAttempt(state, content, newId, false));
  // Its size is known only now: another attempt may be open that could stand beside a conditional one.
  if (state.attempts.length > 0) return letGo(state, undefined, { type: 'later', reason: 'unknown-outcome' });
  return check(state, content, undefined);
}

function check(state: State, content: Content, sent: Attempt | undefined): Step {
  return { state: { ...state, stage: { at: 'checking', content, sent } }, effect: { type: 'look' } };
}

function newAttempt({ marks }: State, content: Content, id: string, unconditional: boolean): Attempt {
  const { md5, size, acl: sourceAcl } = content;
  return { id, generation: marks.mark.generation, md5, size, sourceAcl, unconditional };
}

function send(state: State, attempt: Attempt): Step {
  const acl = intendedAcl(state.marks.mark, attempt.sourceAcl);
  return begun(state, attempt, { type: 'send', attempt, acl, onlyIfAbsent: !attempt.unconditional });
}

/** The attempt is durable before the request that may make an object is sent. */
function begun(state: State, attempt: Attempt, effect: Effect): Step {
  const attempts = [...state.attempts, attempt];
  return { state: { ...state, attempts, stage: { at: 'sending', attempt } }, save: { attempts }, effect };
}

/** Nothing was there when the first part went. The look is repeated, for the parts took their time: the completion follows it at once. */
function partsSent(state: State): Step {
  const { content, attempt } = expect(state, 'sending-parts');
  return check(state, content, attempt);
}

function answered(state: State, answer: PutAnswer): Step {
  const { attempt } = expect(state, 'sending');
  const without = state.attempts.filter((other) => other.id !== attempt.id);
  switch (answer.kind) {
    case 'stored':
      if (state.marks.mark.generation === attempt.generation)
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

function looked(rules: Rules, state: State, { look, newId }: Extract<KeyEvent, { type: 'looked' }>): Step {
  if (state.stage.at !== 'checking') return reconcile(rules, state, look, undefined);
  if (look.kind === 'unavailable') return letGo(state, undefined, { type: 'later', reason: 'bucket-unavailable' });
  if (hides(state.marks.mark)) return letGo(state, { status: 'none' }, { type: 'dropped' });
  const { content, sent } = state.stage;
  if (look.kind === 'missing') return checked(rules, state, content, sent, newId);
  return reconcile(rules, { ...state, stage: { at: 'looking', look: undefined, over: undefined } }, look, content);
}

/** Nothing is there. */
function checked(rules: Rules, state: State, content: Content, sent: Attempt | undefined, newId: string): Step {
  const attempt = sent ?? newAttempt(state, content, newId, true);
  if (!content.inParts) return send(state, attempt);
  const { mark } = state.marks;
  const acl = intendedAcl(mark, content.acl);
  if (!sent) {
    const stage = { at: 'sending-parts', content, attempt } as const;
    return { state: { ...state, stage }, effect: { type: 'send-parts', attempt, acl } };
  }
  // The object gets the ACL with which its parts were begun: what was decided since may want another.
  if (mark.generation !== attempt.generation) return letGo(state, undefined, { type: 'later', reason: 'cancelled' });
  return begun(state, attempt, { type: 'complete', attempt, acl, onlyIfAbsent: rules.conditional });
}

function mended(state: State, answer: MendAnswer): Step {
  const { first, intent } = expect(state, 'mending');
  if (answer === 'unknown') return letGo(state, undefined, { type: 'later', reason: 'unknown-outcome' });
  const settled: RecordChange | undefined = first && state.deleting ? { deleting: false } : undefined;
  // A refused repeat is alarmed, and never undone.
  if (answer === 'refused') {
    const dropped: MarkChange[] = intent === undefined ? [] : [{ type: 'close', ids: [intent] }];
    const step = letGo(withMarks(state, dropped), settled, { type: 'later', reason: 'store-refused' });
    return { ...afterMarks(dropped, step), alarm: 'mend-refused' };
  }
  const shown: MarkChange[] = intent === undefined ? [] : [{ type: 'settle', id: intent }];
  return afterMarks(shown, letGo(withMarks(state, shown), settled, { type: 'looked' }));
}

function cancel(state: State): Step {
  switch (state.stage.at) {
    case 'spooling':
    case 'checking':
    case 'sending-parts':
      return letGo(state, undefined, { type: 'later', reason: 'cancelled' });
    case 'sending':
      return letGo(state, { look: 0 }, { type: 'later', reason: 'cancelled' });
    default:
      throw new Error(`a key that is ${state.stage.at} cannot be cancelled`);
  }
}

/** Every open attempt and intent is an unknown outcome. */
function restarted(state: State): Step {
  const free: State = { ...state, stage: { at: 'free' }, disturbed: false };
  if (state.attempts.length === 0 && state.look === undefined && state.marks.intents.length === 0)
    return { state: free };
  return { state: { ...free, look: 0 }, save: { look: 0 } };
}

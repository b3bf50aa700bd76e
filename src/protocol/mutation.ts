import type { NewIntent } from '../marks/marks.ts';
import type { MarkChange } from './marking.ts';
import {
  apply,
  expect,
  type Forwarded,
  letGo,
  mayOverwrite,
  type Rules,
  type State,
  type Step,
  withMarks,
} from './state.ts';

/** Uploads of unknown outcome that a key may have at once: more are begun only when a look has closed some. */
const maxOpenPuts = 5;

/**
 * May a client's PUT go on, or would a request of unknown outcome overwrite or delete it later: a DELETE, or an unconditional upload
 * of ours?
 */
function clientPutMayPass(rules: Rules, state: Pick<State, 'marks' | 'attempts' | 'deleting'>): boolean {
  const { intents } = state.marks;
  if (state.deleting || intents.some(({ kind }) => kind === 'delete')) return false;
  if (intents.filter(({ kind }) => kind === 'put').length >= maxOpenPuts) return false;
  return !mayOverwrite(rules, state.attempts);
}

/** A client's mutation has the lease: what hides is durable, and the cache purged, before it is forwarded. */
export function mutate(rules: Rules, state: State, intent: NewIntent): Step {
  expect(state, 'free');
  if (intent.kind === 'put' && !clientPutMayPass(rules, state))
    return letGo(state, undefined, { type: 'mutated', as: 'busy' });
  const marks: MarkChange[] = [{ type: 'intend', intent: stillHidden(rules, state, intent) }];
  return {
    state: { ...withMarks(state, marks), stage: { at: 'forwarding', id: intent.id } },
    marks,
    purge: true,
    effect: { type: 'forward', id: intent.id },
  };
}

/** Where objects have no ACLs, only the mark keeps private what is uploaded again without a word about it. */
function stillHidden(rules: Rules, { marks }: State, intent: NewIntent): NewIntent {
  const kept = !rules.acls && intent.shows === 'unset' && marks.mark.shown === 'private';
  return kept ? { ...intent, shows: 'private' } : intent;
}

/** Settles what the store said; what is unknown stays on record and is looked after. */
export function forwarded(state: State, answer: Forwarded): Step {
  const { id } = expect(state, 'forwarding');
  if (answer === 'unknown') return { ...letGo(state, { look: 0 }, { type: 'mutated', as: 'unknown' }), purge: true };
  const marks: MarkChange[] = [{ type: answer === 'done' ? 'settle' : 'undo', id }];
  return { ...letGo(withMarks(state, marks), undefined, { type: 'mutated', as: answer }), marks, purge: true };
}

/** Without the lease: only for what hides. The stage is its holder's. */
export function hide(state: State, intent: NewIntent): Step {
  const marks: MarkChange[] = [{ type: 'intend', intent }];
  const save = { look: 0 };
  return {
    state: { ...apply(withMarks(state, marks), save), disturbed: state.stage.at !== 'free' },
    marks,
    save,
    purge: true,
    outcome: { type: 'mutated', as: 'recorded' },
  };
}

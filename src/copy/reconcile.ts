import type { Look } from '../bucket/object-store.ts';
import type { Attempt, CopyRecord, RecordChange } from '../ledger/ledger.ts';
import type { Mark } from '../marks/marks.ts';
import {
  apply,
  type Content,
  type Effect,
  expect,
  hides,
  letGo,
  type Outcome,
  type Rules,
  type State,
  type Step,
} from './protocol-state.ts';

/** Makes the bucket agree with the mark, whatever the request was; then the record agree with the bucket. */
export function reconcile(rules: Rules, state: State, look: Look, mark: Mark, content: Content | undefined): Step {
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

import type { Acl, Look, ObjectFacts } from '../bucket/object-store.ts';
import type { Attempt, CopyRecord, RecordChange } from '../ledger/ledger.ts';
import type { Intent, MarkRecord } from '../marks/marks.ts';
import type { MarkChange } from './marking.ts';
import {
  afterMarks,
  apply,
  type Content,
  type CopyOutcome,
  type Effect,
  expect,
  hides,
  letGo,
  putOpen,
  type Rules,
  type State,
  type Step,
  withMarks,
} from './state.ts';

/** Makes the bucket agree with the mark, whatever the request was; then the record agree with the bucket. */
export function reconcile(rules: Rules, state: State, look: Look, content: Content | undefined): Step {
  const stage = expect(state, 'looking');
  if (look.kind === 'unavailable') {
    // Nothing was learnt. After an answer the attempt stays open and is looked for; a scheduled look stays due.
    const unsettled = state.attempts.length > 0 && state.look === undefined;
    return letGo(state, unsettled ? { look: 0 } : undefined, { type: 'later', reason: 'bucket-unavailable' });
  }
  const facts = look.kind === 'object' ? look.facts : undefined;
  const last = stage.look !== undefined && stage.look + 1 >= rules.looks;
  const changes = settling(rules, state.marks, facts, last);
  const now = withMarks(state, changes);
  return afterMarks(changes, agree(rules, now, facts) ?? conclude(rules, now, facts, content));
}

/** Whether the object is what this upload of a client's would have made. */
function landed(intent: Intent, facts: ObjectFacts): boolean {
  return facts.intentId === intent.id || (intent.etag !== undefined && facts.etag === intent.etag);
}

/** What the look tells about intents: landed uploads are settled; at the last look what never landed is dropped. */
function settling(
  rules: Rules,
  { mark, intents }: MarkRecord,
  facts: ObjectFacts | undefined,
  last: boolean,
): MarkChange[] {
  const changes: MarkChange[] = [];
  const arrived = facts && intents.find((intent) => intent.kind === 'put' && landed(intent, facts));
  if (arrived) changes.push({ type: 'settle', id: arrived.id });
  const over = intents.filter(({ id, kind, generation }) => {
    if (id === arrived?.id) return false;
    if (kind === 'put') return last;
    // What was decided later outranks it; it is not repeated.
    return kind === 'acl-public' && generation !== mark.generation;
  });
  if (over.length > 0) changes.push({ type: 'close', ids: over.map(({ id }) => id) });
  const show = intents.find(({ kind, generation }) => kind === 'acl-public' && generation === mark.generation);
  // Of a key that is only below, or where objects have no ACLs, there is nothing to change above.
  if (show && (!facts || !rules.acls)) {
    const somewhere = facts || mark.below === 'open';
    changes.push(somewhere ? { type: 'settle', id: show.id } : { type: 'close', ids: [show.id] });
  }
  return changes;
}

/** The one request that makes the bucket agree with the mark; undefined: it does. */
function agree(rules: Rules, state: State, facts: ObjectFacts | undefined): Step | undefined {
  if (!facts) return undefined;
  const { mark, intents } = state.marks;
  if (mark.shown === 'gone') {
    // An upload of unknown outcome may land between this look and the DELETE, which would take it away: at the last look none can.
    return putOpen(state.marks) ? undefined : mend(state, { type: 'delete' }, undefined);
  }
  if (!rules.acls) return undefined;
  const show = intents.find(({ kind }) => kind === 'acl-public');
  if (show) return mend(state, { type: 'set-acl', acl: 'public' }, show.id);
  const mine = state.attempts.find(({ id }) => id === facts.copyId);
  const acl: Acl | undefined = mark.shown === 'unset' ? mine?.sourceAcl : mark.shown;
  return acl && acl !== facts.acl ? mend(state, { type: 'set-acl', acl }, undefined) : undefined;
}

interface Verdict {
  readonly status?: CopyRecord['status'];
  readonly outcome: CopyOutcome;
  readonly alarm?: 'vanished';
}

function verdict(state: State, facts: ObjectFacts | undefined, known: readonly (Content | Attempt)[]): Verdict {
  if (hides(state.marks.mark))
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
function conclude(rules: Rules, state: State, facts: ObjectFacts | undefined, content: Content | undefined): Step {
  const { look, over } = expect(state, 'looking');
  const known = content === undefined ? state.attempts : [...state.attempts, content];
  const attempts = over === undefined ? state.attempts : state.attempts.filter(({ id }) => id !== over);
  const found = verdict(state, facts, known);
  const alarm = found.alarm ? { alarm: found.alarm } : {};
  const status = found.status === undefined ? {} : { status: found.status };
  if (look !== undefined && look + 1 >= rules.looks) {
    const ids = state.marks.intents.map(({ id }) => id);
    const closed: MarkChange[] = ids.length === 0 ? [] : [{ type: 'close', ids }];
    const save = { ...status, attempts: [], look: null, deleting: false };
    return { ...afterMarks(closed, letGo(withMarks(state, closed), save, found.outcome)), ...alarm };
  }
  const next: RecordChange = {
    ...status,
    ...(attempts.length === state.attempts.length ? {} : { attempts }),
    ...(look === undefined ? {} : { look: look + 1 }),
  };
  return { ...letGo(state, next, found.outcome), ...alarm };
}

function mend(state: State, effect: Effect, intent: string | undefined): Step {
  // A mending request of unknown outcome is itself looked after: that looks are due is durable before it is sent.
  const save: RecordChange = effect.type === 'delete' ? { look: 0, deleting: true } : { look: 0 };
  return { state: { ...apply(state, save), stage: { at: 'mending', first: !state.deleting, intent } }, save, effect };
}

import type { Acl, Look, MendAnswer, PutAnswer } from '../bucket/object-store.ts';
import type { Attempt, CopyReason, CopyRecord, RecordChange } from '../ledger/ledger.ts';
import type { Mark, MarkRecord, NewIntent } from '../marks/marks.ts';
import { type MarkChange, marked } from './marking.ts';

/** What the store can do, and how long an unknown outcome is looked after. */
export interface Rules {
  /** The store honours `If-None-Match: *` on PutObject. */
  readonly conditional: boolean;
  /** Objects have ACLs. Where they have none, only marks hide. */
  readonly acls: boolean;
  /** How many looks follow an unknown outcome; the first comes at once. */
  readonly looks: number;
}

/** What was read from the source, whole. */
export interface Content {
  readonly md5: string;
  readonly size: number;
  readonly acl: Acl;
  /** Too large for one request. The request that completes an upload in parts has no condition that every store honours. */
  readonly inParts: boolean;
}

/** What the store said to a mutation. */
export type Forwarded =
  /** 2xx; or 404 to an ACL change on a key that a source has or may have. */
  | 'done'
  /** Another 4xx, or certainly never sent: nothing was changed. */
  | 'refused'
  /** No answer, 5xx, or cut: it may have happened, or may still. */
  | 'unknown';

export type Stage =
  | { readonly at: 'free' }
  | { readonly at: 'spooling' }
  /** `sent`: the parts of this attempt are at the store, and only their completion is left. */
  | { readonly at: 'checking'; readonly content: Content; readonly sent: Attempt | undefined }
  | { readonly at: 'sending-parts'; readonly content: Content; readonly attempt: Attempt }
  | { readonly at: 'sending'; readonly attempt: Attempt }
  /** `look`: index of the scheduled look; undefined: caused by an answer. `over`: the attempt that was answered: it cannot land any more. */
  | { readonly at: 'looking'; readonly look: number | undefined; readonly over: string | undefined }
  /** `first`: no other DELETE of ours is of unknown outcome. `intent`: the ACL change that is repeated. */
  | { readonly at: 'mending'; readonly first: boolean; readonly intent: string | undefined }
  /** A mutation of a client's. */
  | { readonly at: 'forwarding'; readonly id: string };

/** Everything about one key: what is durable, and what the holder of its lease is doing. */
export interface State extends CopyRecord {
  readonly marks: MarkRecord;
  readonly stage: Stage;
  /** A mutation was recorded without the lease since it was taken: whoever holds it leaves a look behind. */
  readonly disturbed: boolean;
}

export type KeyEvent =
  /** The scheduler took the key up. */
  | { readonly type: 'begin' }
  | { readonly type: 'spooled'; readonly content: Content; readonly newId: string }
  | { readonly type: 'not-spooled'; readonly reason: CopyReason }
  /** All parts are at the store. */
  | { readonly type: 'parts-sent' }
  | { readonly type: 'parts-not-sent'; readonly reason: CopyReason }
  | { readonly type: 'answered'; readonly answer: PutAnswer }
  /** A scheduled look came due. */
  | { readonly type: 'look-due' }
  | { readonly type: 'looked'; readonly look: Look; readonly newId: string }
  | { readonly type: 'mended'; readonly answer: MendAnswer }
  /** A mutation wants the lease, or the program stops. */
  | { readonly type: 'cancel' }
  /** A client's mutation has the lease. */
  | { readonly type: 'mutate'; readonly intent: NewIntent }
  | { readonly type: 'forwarded'; readonly answer: Forwarded }
  /** A mutation that hides could not have the lease in time, or the bucket cannot be used: it is recorded all the same. */
  | { readonly type: 'hide'; readonly intent: NewIntent }
  | { readonly type: 'restarted' };

export type Effect =
  | { readonly type: 'spool' }
  | { readonly type: 'send'; readonly attempt: Attempt; readonly acl: Acl; readonly onlyIfAbsent: boolean }
  /** Begin an upload in parts, and send these; nothing becomes visible. */
  | { readonly type: 'send-parts'; readonly attempt: Attempt; readonly acl: Acl }
  /** Make an object of the parts. `onlyIfAbsent`: ask for it; not every store that heeds it elsewhere does so here. */
  | { readonly type: 'complete'; readonly attempt: Attempt; readonly acl: Acl; readonly onlyIfAbsent: boolean }
  | { readonly type: 'look' }
  | { readonly type: 'delete' }
  | { readonly type: 'set-acl'; readonly acl: Acl }
  | { readonly type: 'forward'; readonly id: string };

/** How a copy's or a reconcile's turn ended. */
export type CopyOutcome =
  | { readonly type: 'copied' }
  | { readonly type: 'superseded' }
  | { readonly type: 'dropped' }
  | { readonly type: 'looked' }
  | { readonly type: 'later'; readonly reason: CopyReason };

/** How a mutation ended. `busy`: not begun, ask again later. `recorded`: reconcile will carry it out. */
export interface MutationOutcome {
  readonly type: 'mutated';
  readonly as: Forwarded | 'busy' | 'recorded';
}

/** How the lease was let go. */
export type Outcome = CopyOutcome | MutationOutcome;

export interface Step {
  readonly state: State;
  /** Durable first, in this order. */
  readonly marks?: readonly MarkChange[];
  /** Durable then, and before `effect` begins. */
  readonly save?: RecordChange;
  /** Nothing to do: the lease is free. */
  readonly effect?: Effect;
  readonly outcome?: Outcome;
  /** What is cached, and under way to the cache, is not to be shown any more: after `marks`, before anything else. */
  readonly purge?: true;
  /** The bucket disagrees with the mark, and the store refused to mend it. */
  readonly alarm?: 'mend-refused' | 'vanished';
}

/** Ends a turn: the lease is free. */
export function letGo(state: State, save: RecordChange | undefined, outcome: Outcome): Step {
  const change = state.disturbed ? { ...save, look: 0 } : save;
  const next: State = { ...apply(state, change), stage: { at: 'free' }, disturbed: false };
  return change ? { state: next, save: change, outcome } : { state: next, outcome };
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

/** The state once these changes of its marks are durable. */
export function withMarks(state: State, changes: readonly MarkChange[]): State {
  return changes.length === 0 ? state : { ...state, marks: changes.reduce(marked, state.marks) };
}

/** The step, with changes of the marks that come before its own. */
export function afterMarks(changes: readonly MarkChange[], step: Step): Step {
  return changes.length === 0 ? step : { ...step, marks: [...changes, ...(step.marks ?? [])], purge: true };
}

/** Sources may no longer be used for it, or it was deleted. */
export function hides(mark: Mark): boolean {
  return mark.below === 'closed' || mark.shown === 'gone';
}

/**
 * Whether one of these may yet land over whatever is there then. (Where the store knows no conditions each may, also one that an earlier
 * version of this program left.)
 */
export function mayOverwrite(rules: Rules, attempts: readonly Attempt[]): boolean {
  return attempts.some(({ unconditional }) => unconditional || !rules.conditional);
}

/** A mark outranks the file's own mode. */
export function intendedAcl(mark: Mark, sourceAcl: Acl): Acl {
  return mark.shown === 'public' || mark.shown === 'private' ? mark.shown : sourceAcl;
}

/** A client's upload has no known outcome yet. */
export function putOpen({ intents }: MarkRecord): boolean {
  return intents.some(({ kind }) => kind === 'put');
}

/** The stage, if it is this one. */
export function expect<A extends Stage['at']>(state: State, at: A): Extract<Stage, { at: A }> {
  if (state.stage.at !== at) throw new Error(`the key is ${state.stage.at}, not ${at}`);
  return state.stage as Extract<Stage, { at: A }>;
}

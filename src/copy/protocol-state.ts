import type { Acl, Look, MendAnswer, PutAnswer } from '../bucket/object-store.ts';
import type { Attempt, CopyReason, CopyRecord, RecordChange } from '../ledger/ledger.ts';
import type { Mark } from '../marks/marks.ts';

/** What the store can do, and how long an unknown outcome is looked after. */
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
  | { readonly type: 'not-spooled'; readonly reason: CopyReason }
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
  | { readonly type: 'later'; readonly reason: CopyReason };

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

/** Ends a turn: the lease is free. */
export function letGo(state: State, save: RecordChange | undefined, outcome: Outcome): Step {
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
export function hides(mark: Mark): boolean {
  return mark.below === 'closed' || mark.shown === 'gone';
}

/** A mark outranks the file's own mode. */
export function intendedAcl(mark: Mark, sourceAcl: Acl): Acl {
  return mark.shown === 'public' || mark.shown === 'private' ? mark.shown : sourceAcl;
}

/** The stage, if it is this one. */
export function expect<A extends Stage['at']>(state: State, at: A): Extract<Stage, { at: A }> {
  if (state.stage.at !== at) throw new Error(`the copy is ${state.stage.at}, not ${at}`);
  return state.stage as Extract<Stage, { at: A }>;
}

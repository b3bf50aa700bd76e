import type { Acl, Look, MendAnswer, PutAnswer } from '../../../src/bucket/object-store.ts';
import type { CopyRecord } from '../../../src/ledger/ledger.ts';
import type { MarkRecord, MutationKind } from '../../../src/marks/marks.ts';
import type { marked } from '../../../src/protocol/marking.ts';
import type { Effect, Forwarded, Rules, State } from '../../../src/protocol/state.ts';
import type { step } from '../../../src/protocol/step.ts';

/** What is explored: one key, one copier, some mutations, a reader with a cache. */
export interface World {
  readonly rules: Rules;
  readonly mutations: readonly MutationKind[];
  /** Each is sent only when the one before was answered. */
  readonly inARow?: boolean;
  /** Whether the file is on the disk. */
  readonly below: boolean;
  /** An object that was in the bucket before: another's, or one with the same bytes (as an earlier rclone leaves it). */
  readonly before?: 'other' | 'same';
  readonly sourceAcl: Acl;
  /** What is too large for one request. */
  readonly inParts?: readonly Content[];
  /** The file is written anew once. */
  readonly changes?: boolean;
  /** While a copy is under way, somebody puts an object into the bucket, past the write host. */
  readonly arrives?: boolean;
  readonly crashes: number;
  /** Requests that time out and may still land, or whose answer is lost, and looks that fail. */
  readonly faults: number;
  /** Requests that the store refuses with a 4xx. */
  readonly refusals: number;
  /** Whether anybody reads. */
  readonly reads: boolean;
  readonly maxAttempts: number;
  /** The function under exploration; a weakened one shows that the explorer can fail. */
  readonly step?: typeof step;
  /** What a change does to marks, likewise. */
  readonly marked?: typeof marked;
  /** What a purge does not do, likewise. */
  readonly purgeLeaves?: 'cache' | 'fills';
  /** Who holds the lease pays no heed to what is recorded without it, likewise. */
  readonly deaf?: boolean;
}

/** `source`, later `rewritten`: what the file holds. `newN`: what the N-th mutation uploaded. */
export type Content = 'source' | 'rewritten' | 'other' | `new${number}`;

export interface Stored {
  readonly what: Content;
  readonly copyId?: string;
  readonly intentId?: string;
  readonly acl: Acl;
  /** It came when a copy had taken its last look: nothing could know of it. */
  readonly unseen?: boolean;
}

/** On its way to the store. */
export type Request =
  | {
      readonly type: 'copy';
      readonly id: string;
      readonly what: Content;
      readonly acl: Acl;
      readonly onlyIfAbsent: boolean;
    }
  | { readonly type: 'put'; readonly mutation: number }
  | { readonly type: 'delete' }
  | { readonly type: 'set-acl'; readonly acl: Acl };

/**
 * A mutation, as its client sees it. `refused`: also 503 with nothing on record; nothing came of it. `unanswered`: 503, or the
 * connection broke; it is on record.
 */
export interface Client {
  readonly at: 'idle' | 'waiting' | 'forwarding' | 'acked' | 'refused' | 'unanswered';
  /** Which others had been answered when it was sent: a bit each. */
  readonly after: number;
}

export type Answer =
  | { readonly of: 'put'; readonly put: PutAnswer }
  | { readonly of: 'look'; readonly look: Look; readonly saw: Content | undefined }
  | { readonly of: 'mend'; readonly mend: MendAnswer }
  | { readonly of: 'forward'; readonly forwarded: Forwarded };

export interface Reader {
  readonly at: 'none' | 'marked' | 'has';
  readonly content: Content | undefined;
  /** The mark it read said that sources may be used. */
  readonly open: boolean;
  /** The key was purged since it began: what it brings is not stored. */
  readonly barred: boolean;
  /** Which contents it must not be shown, since they were hidden before it began. */
  readonly forbidden: readonly Content[];
}

/** One state of the whole: the program's durable and volatile parts, the store, and what is on the wire. */
export interface Snapshot {
  readonly marks: MarkRecord;
  readonly record: CopyRecord;
  readonly stage: State['stage'];
  readonly disturbed: boolean;
  /** Asked for by the last step and not begun yet. */
  readonly effect: Effect | undefined;
  /** On its way to the program. */
  readonly answer: Answer | undefined;
  readonly stored: Stored | undefined;
  /** Sent by a process or a call that no longer listens: may land at any time, or never. */
  readonly loose: readonly Request[];
  readonly clients: readonly Client[];
  readonly reader: Reader;
  readonly cache: Content | undefined;
  readonly file: 'source' | 'rewritten';
  /** Somebody is still to put an object there. */
  readonly arriving: boolean;
  /** What the store confirmed last that it was given by a copy; kept only where the file changes. */
  readonly confirmed: Content | undefined;
  readonly crashes: number;
  readonly faults: number;
  readonly refusals: number;
  readonly ids: number;
}

export const noReader: Reader = { at: 'none', content: undefined, open: false, barred: false, forbidden: [] };

export function start(world: World): Snapshot {
  return {
    marks: { mark: { generation: 0, below: 'open', shown: 'unset' }, intents: [] },
    record: { status: world.below ? 'wanted' : 'none', attempts: [], look: undefined, deleting: false },
    stage: { at: 'free' },
    disturbed: false,
    effect: undefined,
    answer: undefined,
    stored: world.before && { what: world.before === 'same' ? 'source' : 'other', acl: 'public' },
    loose: [],
    clients: world.mutations.map(() => ({ at: 'idle', after: 0 })),
    reader: noReader,
    cache: undefined,
    file: 'source',
    arriving: world.arrives === true,
    confirmed: undefined,
    crashes: world.crashes,
    faults: world.faults,
    refusals: world.refusals,
    ids: 0,
  };
}

import type { PartUploads } from './part-uploads.ts';

/**
 * `wanted`: asked for, not there yet · `copied`: the bucket confirmed it · `superseded`: another object was there already, and was left ·
 * `refused`: given up, see its reason.
 */
export type CopyStatus = 'wanted' | 'copied' | 'superseded' | 'refused';

/** Why a copy was put off or given up: a closed set, also a metric label. */
export type CopyReason =
  | 'too-young'
  | 'too-large'
  | 'changed'
  | 'gone-below'
  | 'unreadable'
  | 'private-without-acls'
  | 'damaged'
  | 'source-unavailable'
  | 'no-spool-room'
  | 'bucket-unavailable'
  | 'slow-down'
  | 'store-refused'
  | 'store-denied'
  | 'unknown-outcome'
  | 'missing-again'
  | 'cancelled'
  | 'internal';

/**
 * A request that makes an object was begun, and its outcome is not settled. Durable before its first byte is sent. Of an upload in parts it
 * is the completion: what comes before makes nothing visible.
 */
export interface Attempt {
  readonly id: string;
  /** The mark's generation when it was begun. */
  readonly generation: number;
  readonly md5: string;
  readonly size: number;
  /** What the source's own mode and the private prefixes ask for, before any mark. */
  readonly sourceAcl: 'public' | 'private';
  /** It was sent without a condition that the store honours: should it land late, it replaces what came meanwhile. */
  readonly unconditional: boolean;
}

/** Everything durable about the copy of one key. */
export interface CopyRecord {
  /** `none`: never asked for, or the request was dropped because of a mark. */
  readonly status: CopyStatus | 'none';
  readonly attempts: readonly Attempt[];
  /** Index of the next look after an unknown outcome; undefined: none is due. */
  readonly look: number | undefined;
  /** A DELETE of ours (reconcile) has no known outcome: it may still land. */
  readonly deleting: boolean;
}

export const noRecord: CopyRecord = { status: 'none', attempts: [], look: undefined, deleting: false };

/** What a step changes. A key that is left out stays as it is. */
export interface RecordChange {
  readonly status?: CopyStatus | 'none';
  readonly attempts?: readonly Attempt[];
  /** `null`: no look is due any more. */
  readonly look?: number | null;
  readonly deleting?: boolean;
}

/** What goes with a change and is of no interest to the protocol. Times in milliseconds since the epoch. */
export interface ChangeDetails {
  readonly reason?: CopyReason | null;
  readonly source?: string;
  readonly size?: number;
  readonly md5?: string;
  /** The source's mtime in decimal seconds, rclone's format. */
  readonly mtime?: string;
  /** More about the reason, for people: the system's error code and where in the file it was. `null`: nothing any more. */
  readonly detail?: string | null;
  /** Not to be taken up before. */
  readonly notBeforeMs?: number;
  readonly lookAtMs?: number;
  /** How often it was tried in vain, and how often of these for a reason of its own. */
  readonly tries?: number;
  readonly failures?: number;
}

export interface Queued {
  readonly tries: number;
  /** Of these, for reasons of the object's own. */
  readonly failures: number;
  readonly notBeforeMs: number;
  readonly lookFirst: boolean;
}

export interface Binding {
  readonly endpoint: string;
  readonly bucket: string;
}

export interface LedgerCounts {
  readonly byStatus: Readonly<Record<CopyStatus, number>>;
  readonly openAttempts: number;
  readonly looksDue: number;
  /** When the oldest key that is still wanted was first asked for. */
  readonly oldestWantedMs: number | undefined;
}

export interface ListedCopy {
  readonly key: string;
  readonly status: CopyStatus;
  readonly reason: CopyReason | undefined;
  readonly tries: number;
}

/**
 * The durable record of what has been copied. Writes are gathered into batches; a promise resolves when its batch is on the disk.
 * Writes are carried out in the order of the calls.
 */
export interface Ledger {
  /** A random name, made once with the ledger. */
  readonly id: string;
  /** Uploads in parts that the store still keeps for us. */
  readonly parts: PartUploads;
  binding(): Promise<Binding | undefined>;
  bind(binding: Binding): Promise<void>;
  record(key: string): Promise<CopyRecord>;
  /** The status as readers need it, and since when. */
  status(key: string): Promise<{ status: CopyStatus; sinceMs: number } | undefined>;
  /** A key that is wanted: how often it was tried in vain, and when it may be taken up; `lookFirst`: not before its first look. */
  queued(key: string): Promise<Queued | undefined>;
  /**
   * Adds so many asks to each key: unknown ones become `wanted`, and `refused` ones again that were given up before `reviveMs`. `copied` and
   * `superseded` stay what they are.
   */
  ask(asks: ReadonlyMap<string, number>, nowMs: number, reviveMs: number): Promise<void>;
  change(key: string, change: RecordChange, details: ChangeDetails, nowMs: number): Promise<void>;
  /** Keys that are wanted and due, most asked-for first, then oldest; none whose first look after an unknown outcome is still to come. */
  due(nowMs: number, limit: number): Promise<readonly string[]>;
  /** Keys whose next look is due, oldest first. */
  looksDue(nowMs: number, limit: number): Promise<readonly string[]>;
  /** When `due` or `looksDue` will next have something that they do not have now. */
  nextDueMs(nowMs: number): Promise<number | undefined>;
  /** After a start: every open attempt is an unknown outcome, its looks begin anew. Returns how many keys. */
  reopen(nowMs: number): Promise<number>;
  counts(nowMs: number): Promise<LedgerCounts>;
  list(status: CopyStatus, limit: number): Promise<readonly ListedCopy[]>;
  close(): Promise<void>;
}

import type { CopyReason, CopyStatus } from './copy-status.ts';
import type { PartUploads } from './part-uploads.ts';
import type { RecordedCopies } from './recorded-copies.ts';

export type { CopyReason, CopyStatus } from './copy-status.ts';

/** Copies that somebody asked for come before those of the backfill, which nobody asks for. */
export type Lane = 'asked-for' | 'backfill';

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

/** A file that could not be copied, as its source showed it. */
export interface FailedFile {
  /** The source's name. */
  readonly source: string;
  /** In bytes. */
  readonly size: number;
  /** In decimal seconds, rclone's format. */
  readonly mtime: string;
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
  /** The file that could not be copied, as far as it was seen. Goes with `reason`, like `detail`. */
  readonly failed?: FailedFile | null;
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

/** A file for the second lane. */
export interface BackfillFile {
  readonly key: string;
  /** The source that is said to have it. */
  readonly source: string;
  readonly size: number;
}

export interface LedgerCounts {
  readonly byStatus: Readonly<Record<CopyStatus, number>>;
  /** Of those that are wanted: the second lane's, by source. */
  readonly backfill: ReadonlyMap<string, number>;
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
export interface Ledger extends RecordedCopies {
  /** A random name, made once with the ledger. */
  readonly id: string;
  /** Uploads in parts that the store still keeps for us. */
  readonly parts: PartUploads;
  binding(): Promise<Binding | undefined>;
  bind(binding: Binding): Promise<void>;
  record(key: string): Promise<CopyRecord>;
  /** The status as readers need it, and since when. */
  status(key: string): Promise<{ status: CopyStatus; sinceMs: number } | undefined>;
  /** The same of many keys at once, without since when; some hundred at most. Keys that nobody asked for are left out. */
  statuses(keys: readonly string[]): Promise<ReadonlyMap<string, CopyStatus>>;
  /** A key that is wanted: how often it was tried in vain, and when it may be taken up; `lookFirst`: not before its first look. */
  queued(key: string): Promise<Queued | undefined>;
  /**
   * Adds so many asks to each key: unknown ones become `wanted`, and `refused` ones again that were given up before `reviveMs`. `copied` and
   * `superseded` stay what they are. What waits in the second lane comes into the first.
   */
  ask(asks: ReadonlyMap<string, number>, nowMs: number, reviveMs: number): Promise<void>;
  /**
   * Makes these `wanted`, at the end of the second lane, all at once, in this order: unknown ones, and `refused` ones that were given up before `reviveMs`. Whatever
   * else is known of a key stays. Returns how many that were.
   */
  backfill(files: readonly BackfillFile[], nowMs: number, reviveMs: number): Promise<number>;
  /** What waits in the second lane for sources that are not among these comes into the first, where every source is asked for it. */
  liftAllBut(sources: readonly string[]): Promise<void>;
  /** `patient`: nobody waits for it; where commits take long, it waits for more company. */
  change(
    key: string,
    change: RecordChange,
    details: ChangeDetails,
    nowMs: number,
    options?: { readonly patient?: boolean },
  ): Promise<void>;
  /**
   * Keys of the first lane that are wanted and due, most asked-for first, then oldest; none whose first look after an unknown outcome is
   * still to come.
   */
  due(nowMs: number, limit: number): Promise<readonly string[]>;
  /** The same of the second lane, of one source, in the order in which they came. */
  backfillDue(source: string, nowMs: number, limit: number): Promise<readonly string[]>;
  /** How many of the second lane, of one source, need not wait for their time. */
  backfillReady(source: string, nowMs: number): Promise<number>;
  /** Keys whose next look is due, oldest first. */
  looksDue(nowMs: number, limit: number): Promise<readonly string[]>;
  /** When `due`, `backfillDue` or `looksDue` will next have something that they do not have now. */
  nextDueMs(nowMs: number): Promise<number | undefined>;
  /** After a start: every open attempt is an unknown outcome, its looks begin anew. Returns how many keys. */
  reopen(nowMs: number): Promise<number>;
  counts(nowMs: number): Promise<LedgerCounts>;
  list(status: CopyStatus, limit: number): Promise<readonly ListedCopy[]>;
  close(): Promise<void>;
}

import type { CopyReason, CopyStatus } from '../ledger/ledger.ts';

/**
 * As `rclone check --combined` writes them, the sources being its source and the bucket its destination: `=` in both and equal, as far as
 * this way of looking can tell · `-` only in the bucket · `+` only below · `*` in both, and different · `!` could not be read or told.
 */
export type Sign = '=' | '-' | '+' | '*' | '!';

/** Why a key is not `=`: a closed set. `reasonWords` says them to people. */
export type Reason =
  | 'not-copied'
  | 'missing-above'
  | 'lost'
  | 'different'
  | 'changed-above'
  | 'changed-below'
  | 'corrupt-above'
  | 'unproven'
  | 'other-source'
  | 'no-md5-above'
  | 'unsettled'
  | 'deleted-still-above'
  | 'replaced-missing'
  | 'exposed'
  | 'gone-below'
  | 'unreadable-below'
  | 'damaged-below'
  | 'source-unavailable'
  | 'store-unanswered'
  | 'finding';

/** Why a file that is not `=` keeps nothing from being clean: a mark, a rule of the configuration, or its name in a list. */
export type Excepted = 'mark-gone' | 'mark-replaced' | 'rule-skip' | 'acknowledged';

export interface Verdict {
  readonly sign: Sign;
  readonly reason?: Reason;
  /** More about the reason, for people. */
  readonly detail?: string;
  readonly excepted?: Excepted;
}

/** What a mark decides about a key. `unsettled`: a change of it is under way in the write host. */
export interface MarkFacts {
  readonly below: 'open' | 'closed';
  readonly shown: 'unset' | 'public' | 'private' | 'gone';
  readonly unsettled: boolean;
}

/** A file below: as its source's last scan saw it. */
export interface BelowFacts {
  readonly source: string;
  readonly size: number;
  readonly mtimeUs: number;
}

/** An object above. `md5`: in hex; undefined while, or where, it is not known. */
export interface AboveFacts {
  readonly size: number;
  readonly md5: string | undefined;
}

/** What the ledger recorded when the file was copied: only what is known whole is here. */
export interface RecordedContent {
  /** Undefined: told by the object itself, which a copy of ours made. */
  readonly source: string | undefined;
  readonly size: number;
  readonly md5: string;
  /** Undefined: its text was no time. */
  readonly mtimeUs: number | undefined;
}

export interface CopyFacts {
  readonly status: CopyStatus;
  readonly content: RecordedContent | undefined;
  readonly reason: CopyReason | undefined;
  readonly detail: string | undefined;
}

/** What came of reading a file below again. */
export type DiskFacts =
  | { readonly kind: 'read'; readonly size: number; readonly md5: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreadable' | 'damaged' | 'unavailable'; readonly detail: string };

/** What came of reading an object again. */
export type DownloadFacts =
  | { readonly kind: 'read'; readonly size: number; readonly md5: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly detail: string };

/** Everything that is known of one file, or of a key that no source has (`below` undefined). */
export interface Facts {
  readonly below: BelowFacts | undefined;
  readonly above: AboveFacts | undefined;
  readonly copy: CopyFacts | undefined;
  readonly mark: MarkFacts;
  /** The configuration leaves it out (`backfill.skip`). */
  readonly skipped: boolean;
  /** mtimes of this source are compared by the whole second: what a web server tells of them is no finer. */
  readonly wholeSeconds: boolean;
  /** Only where the file was read again. */
  readonly disk?: DiskFacts | undefined;
  /** Only where the object was read again. */
  readonly download?: DownloadFacts | undefined;
  /** Only where its ACL was asked for: everybody can read it, and it is to be private. */
  readonly exposed?: boolean | undefined;
  /** The bucket was asked about this key and did not answer. */
  readonly unanswered?: string | undefined;
}

/** These are never excepted by a rule: somebody decided that the public must not have them. */
const hiding: ReadonlySet<Reason> = new Set(['deleted-still-above', 'exposed']);
/** Of what a client put there itself these are wrong too. */
const wrongInItself: ReadonlySet<Reason> = new Set(['corrupt-above', 'store-unanswered']);

/**
 * The verdict on one file, or on an object that no file is below of. Undefined: there is nothing to be said of the key. `=` is only ever
 * said when every fact that is known agrees, and enough is known: what is missing, or stands against another fact, makes it `!` or `*`.
 */
export function judge(facts: Facts): Verdict | undefined {
  // A listing tells what was there once.
  const verdict = byMark(facts.download?.kind === 'missing' ? { ...facts, above: undefined } : facts);
  if (!verdict || verdict.excepted || verdict.sign === '=' || verdict.sign === '-') return verdict;
  const shielded = facts.skipped && facts.below && !(verdict.reason && hiding.has(verdict.reason));
  return shielded ? { ...verdict, excepted: 'rule-skip' } : verdict;
}

/** Whether it keeps the whole from being clean. */
export function isException({ sign, excepted }: Verdict): boolean {
  return sign !== '=' && sign !== '-' && excepted === undefined;
}

function byMark(facts: Facts): Verdict | undefined {
  const { mark, below, above } = facts;
  if (mark.unsettled) return { sign: '!', reason: 'unsettled' };
  if (mark.shown === 'gone') {
    if (facts.unanswered !== undefined) return unanswered(facts.unanswered);
    if (above) return { sign: '!', reason: 'deleted-still-above' };
    return below && { sign: '+', excepted: 'mark-gone' };
  }
  const compared = below ? compare(facts, below) : onlyAbove(facts);
  if (facts.exposed && above) return { sign: '!', reason: 'exposed' };
  if (mark.below === 'open' || !below || !compared || compared.sign === '=') return compared;
  // A client's own upload took its place: the file below is never used again, and is another one on purpose.
  if (compared.reason && wrongInItself.has(compared.reason)) return compared;
  return above ? { ...compared, excepted: 'mark-replaced' } : { sign: '+', reason: 'replaced-missing' };
}

/** No source has it. What Mastodon writes into the bucket itself is of this kind, so nothing is held against it. */
function onlyAbove({ above, copy, unanswered: silence }: Facts): Verdict | undefined {
  if (above) return { sign: '-' };
  if (copy?.status !== 'copied' && copy?.status !== 'superseded') return undefined;
  return silence === undefined ? { sign: '!', reason: 'lost' } : unanswered(silence);
}

function compare(facts: Facts, below: BelowFacts): Verdict {
  const { above, copy, disk } = facts;
  const download = facts.download?.kind === 'missing' ? undefined : facts.download;
  if (facts.unanswered !== undefined) return unanswered(facts.unanswered);
  if (download?.kind === 'failed') return unanswered(download.detail);
  if (!above) return missingAbove(copy, disk);
  // The bytes that came are what the object is; what the store says of it else is only its word.
  const object = download ?? above;
  if (download && (download.size !== above.size || (above.md5 !== undefined && download.md5 !== above.md5)))
    return { sign: '*', reason: 'corrupt-above' };
  if (disk) return byDisk(facts, below, object, disk);
  return byRecord(facts, below, object);
}

function unanswered(detail: string): Verdict {
  return { sign: '!', reason: 'store-unanswered', detail };
}

function missingAbove(copy: CopyFacts | undefined, disk: DiskFacts | undefined): Verdict {
  if (disk?.kind === 'gone') return { sign: '!', reason: 'gone-below' };
  if (copy?.status === 'copied' || copy?.status === 'superseded') return { sign: '+', reason: 'missing-above' };
  const why = [copy?.reason, copy?.detail].filter((text) => text !== undefined).join(': ');
  return { sign: '+', reason: 'not-copied', ...(why !== '' && { detail: why }) };
}

/** The file was read again: its bytes against the object's. What the ledger says of an earlier file does not matter. */
function byDisk(facts: Facts, below: BelowFacts, object: AboveFacts, disk: DiskFacts): Verdict {
  const { content } = facts.copy ?? {};
  if (disk.kind === 'gone')
    // What was copied and is whole above has nothing to prove any more; anything else vanished unseen.
    return byRecord(facts, below, object).sign === '=' ? { sign: '-', reason: 'gone-below' } : lostBelow();
  if (disk.kind !== 'read') {
    const reason = `${disk.kind}-below` as const;
    return { sign: '!', reason: reason === 'unavailable-below' ? 'source-unavailable' : reason, detail: disk.detail };
  }
  if (disk.size === object.size && object.md5 === undefined) return { sign: '!', reason: 'no-md5-above' };
  if (disk.size === object.size && disk.md5 === object.md5) return { sign: '=' };
  if (!content) return { sign: '*', reason: 'different' };
  return { sign: '*', reason: content.md5 === object.md5 ? 'changed-below' : 'changed-above' };
}

function lostBelow(): Verdict {
  return { sign: '!', reason: 'gone-below' };
}

/** The scan's row and the object, each against what the ledger recorded of the copy. */
function byRecord({ copy, wholeSeconds }: Facts, below: BelowFacts, object: AboveFacts): Verdict {
  const otherSize = below.size !== object.size;
  if (copy?.status !== 'copied' || !copy.content)
    return otherSize ? { sign: '*', reason: 'different' } : { sign: '!', reason: 'unproven' };
  const { content } = copy;
  if (content.source !== undefined && content.source !== below.source)
    return { sign: otherSize ? '*' : '!', reason: 'other-source', detail: `copied from ${content.source}` };
  const sameTime = content.mtimeUs !== undefined && (wholeSeconds ? seconds : identity)(content.mtimeUs, below.mtimeUs);
  if (content.size !== below.size || !sameTime) return { sign: otherSize ? '*' : '!', reason: 'changed-below' };
  if (otherSize) return { sign: '*', reason: 'changed-above' };
  if (object.md5 === undefined) return { sign: '!', reason: 'no-md5-above' };
  return object.md5 === content.md5 ? { sign: '=' } : { sign: '*', reason: 'changed-above' };
}

function identity(a: number, b: number): boolean {
  return a === b;
}

function seconds(a: number, b: number): boolean {
  return Math.floor(a / 1e6) === Math.floor(b / 1e6);
}

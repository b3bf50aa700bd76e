import type { CopyReason } from '../ledger/ledger.ts';

export interface RetryLimits {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Tries after the first; then an object that fails for reasons of its own is given up and listed. */
  readonly times: number;
}

/** Troubles that are not the object's: waiting for their end is never given up. */
const patient: ReadonlySet<CopyReason> = new Set([
  'too-young',
  'cancelled',
  'bucket-unavailable',
  'slow-down',
  'store-denied',
  'no-spool-room',
  'source-unavailable',
]);

/** Nothing was tried. */
const noTry: ReadonlySet<CopyReason> = new Set(['too-young', 'cancelled']);

/** Nothing that a later try could change. */
const hopeless: ReadonlySet<CopyReason> = new Set(['too-large', 'unreadable', 'private-without-acls', 'gone-below']);

/** Whether a key is given up after this many tries, this one included. */
export function givesUp(reason: CopyReason, tries: number, limits: RetryLimits): boolean {
  return hopeless.has(reason) || (!patient.has(reason) && tries > limits.times);
}

/**
 * How many tries in vain this one makes. Waiting for the end of an outage and failing for a reason of its own are counted apart: after
 * a long outage an object has all its tries left. Being too young or cancelled is no try.
 */
export function triesNow(
  reason: CopyReason,
  before: { tries: number; reason: CopyReason | undefined } | undefined,
): number {
  const { tries = 0, reason: last } = before ?? {};
  if (noTry.has(reason)) return tries;
  return last !== undefined && patient.has(last) !== patient.has(reason) ? 1 : tries + 1;
}

/** Exponential backoff with full jitter over its upper half, in milliseconds: `tries` counts from 1. `random` is in [0, 1). */
export function backoffMs(tries: number, limits: RetryLimits, random: number): number {
  const ceiling = Math.min(limits.mostMs, limits.firstMs * 2 ** Math.min(tries - 1, 30));
  return Math.round(ceiling / 2 + (random * ceiling) / 2);
}

/**
 * How long after look `index - 1` look `index` comes. `offsets` count from the unknown outcome: the first look comes at once, look n
 * at `offsets[n - 1]`.
 */
export function lookDelayMs(index: number, offsets: readonly number[]): number {
  if (index === 0) return 0;
  return Math.max(0, (offsets[index - 1] ?? 0) - (offsets[index - 2] ?? 0));
}

/** When a file of this mtime may be copied, in milliseconds since the epoch. An mtime far in the future is a clock's error, not youth. */
export function oldEnoughAtMs(mtimeMs: number, minAgeMs: number, nowMs: number): number {
  return mtimeMs > nowMs + minAgeMs ? nowMs : mtimeMs + minAgeMs;
}

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

/** Whether a key is given up after this many failures, this one included. */
export function givesUp(reason: CopyReason, failures: number, limits: RetryLimits): boolean {
  return hopeless.has(reason) || (!patient.has(reason) && failures > limits.times);
}

/**
 * The counts after this try. `tries` sets the wait; `failures` are those for reasons of the object's own, and decide when it is given
 * up: outages leave it all its tries. Being too young or cancelled is no try.
 */
export function countsAfter(
  reason: CopyReason,
  { tries, failures }: { tries: number; failures: number },
): { tries: number; failures: number } {
  if (noTry.has(reason)) return { tries, failures };
  return { tries: tries + 1, failures: patient.has(reason) ? failures : failures + 1 };
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

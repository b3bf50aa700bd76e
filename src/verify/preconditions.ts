import { SourceUnknownError } from '../config/source-name.ts';
import type { ScanRecord } from '../ledger/files.ts';
import type { Listing } from '../ledger/objects.ts';
import { OperatorError } from '../lib/operator-error.ts';

export type VerifyErrorCode =
  /** A source was never scanned to its end. */
  | 'NO_SCAN'
  | 'SCAN_OLD'
  /** The bucket was never listed to its end. */
  | 'NO_LISTING';

/** What keeps a verification from being done, and what the operator can do about it. */
export class VerifyError extends OperatorError<VerifyErrorCode> {}

/** How old a scan may be, in milliseconds: what came below since is not known. */
export const scanGoodForMs = 24 * 3600 * 1000;
/** How old a listing may be before a new one is made, in milliseconds. */
export const listingGoodForMs = 15 * 60 * 1000;

/** Whether what began then is no older than this. What is of a time still to come is of no known age: the clock was set back since. */
export function isYoung(beganMs: number, nowMs: number, mostMs: number): boolean {
  return beganMs <= nowMs && nowMs - beganMs <= mostMs;
}

export interface Scans {
  readonly last: ScanRecord | undefined;
  readonly open: ScanRecord | undefined;
}

/** A scan that came to its end. */
export type EndedScan = ScanRecord & { readonly endedMs: number };

/**
 * The newest scan of each of the sources that ended.
 * @throws VerifyError when one has none, or an old one that was not accepted: what was never seen below cannot be proven to be above.
 */
export function endedScans(
  sources: readonly string[],
  scans: readonly Scans[],
  { nowMs, acceptOld }: { nowMs: number; acceptOld: boolean },
): readonly EndedScan[] {
  return sources.map((source) => {
    const scan = scans.find(({ last }) => last?.source === source)?.last;
    if (scan?.endedMs === undefined)
      throw new VerifyError('NO_SCAN', {
        found: `no scan of the source ${source} has come to its end, so nobody knows what is below`,
        expected: 'a scan of each source that came to its end',
        todo: 'run `upstairs scan` first',
      });
    // What came while it ran may have been missed, so it is as old as its beginning.
    const ageMs = nowMs - scan.beganMs;
    const when = ageMs < 0 ? 'at a time that is still to come (the clock was set back)' : `${hours(ageMs)} ago`;
    if (!isYoung(scan.beganMs, nowMs, scanGoodForMs) && !acceptOld)
      throw new VerifyError('SCAN_OLD', {
        found: `the last scan of the source ${source} began ${when}, and what came below since is not known`,
        expected: `a scan that began within the last ${hours(scanGoodForMs)}`,
        todo: 'run `upstairs scan` first, or accept it with --stale-scan',
      });
    return { ...scan, endedMs: scan.endedMs };
  });
}

/** @throws VerifyError when there is none. */
export function endedListing(last: Listing | undefined): Listing & { readonly endedMs: number } {
  if (last?.endedMs === undefined)
    throw new VerifyError('NO_LISTING', {
      found: 'no listing of the bucket has come to its end, so nobody knows what is above',
      expected: 'a listing that came to its end',
      todo: 'run this again without --no-list, or `upstairs inventory` first',
    });
  return { ...last, endedMs: last.endedMs };
}

/** @throws SourceUnknownError when the configuration has no source of this name. */
export function chosenSources(configured: readonly string[], only: string | undefined): readonly string[] {
  if (only === undefined) return configured;
  if (!configured.includes(only)) throw new SourceUnknownError(only, configured);
  return [only];
}

function hours(ms: number): string {
  return `${Math.floor(ms / 3_600_000)} hours`;
}

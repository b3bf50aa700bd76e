import type { Amount } from '../history/history.ts';
import type { TierShare } from '../ledger/tier-shares.ts';
import type { Status } from '../status/status.ts';
import { total } from '../status/status-words.ts';

/** How much of what was below is upstairs. Bytes of what was never looked at are not known, and count as none. */
export interface Carried {
  readonly above: Amount;
  /** Undefined: no plan was made, so it is not known how much there is. */
  readonly below: Amount | undefined;
}

export function carried({ weights, byStatus, backfill }: Pick<Status, 'weights' | 'byStatus' | 'backfill'>): Carried {
  const bytes = (...statuses: string[]) =>
    weights.filter(({ status }) => statuses.includes(status)).reduce((sum, each) => sum + each.bytes, 0);
  const above = { files: byStatus.copied + byStatus.superseded, bytes: bytes('copied', 'superseded') };
  const left = backfill?.left;
  if (!left) return { above, below: undefined };
  // What waits for its copy, or was given up, is in the ledger and not in the plan.
  const files = left.files + byStatus.wanted + byStatus.refused;
  return { above, below: { files, bytes: left.bytes + bytes('wanted', 'refused') } };
}

/** From 0 to 1; null: not known, or there is nothing. */
export function upstairsPart({ above, below }: Carried, of: keyof Amount): number | null {
  if (!below || above[of] + below[of] === 0) return null;
  return above[of] / (above[of] + below[of]);
}

/** Of the answers that readers got, those that needed no old place. */
export function answeredAbove(shares: readonly TierShare[], of: 'requests' | 'bytes' = 'requests') {
  const upstairs = shares.filter(({ tier }) => tier === 'cache' || tier === 'bucket');
  return { part: total(upstairs, of), whole: total(shares, of) };
}

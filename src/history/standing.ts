import type { LedgerSummary, Weight } from '../ledger/ledger-summary.ts';
import type { Listing } from '../ledger/objects.ts';
import type { Amount } from './history.ts';
import type { Standing } from './sampler.ts';

export interface StandingFacts {
  readonly summary: Pick<LedgerSummary, 'weights'>;
  /** The newest listing of the bucket that ended. */
  readonly listing: () => Promise<Listing | undefined>;
  /** What is left of the plan; undefined: there is none. */
  readonly left: () => Promise<Amount | undefined>;
}

/**
 * How things stand, by three quick questions. Above is what copies brought there, or what the bucket's last listing met, whichever are more
 * files: the listing knows of what came otherwise, but not of what came since. Below is what is left of the plan, and what was taken from it, or
 * asked for by readers, and waits for its copy.
 */
export async function standingNow({ summary, listing, left }: StandingFacts): Promise<Standing> {
  const weights = await summary.weights();
  const copied = amountOf(weights, ['copied', 'superseded']);
  const listed = await listing();
  const planned = await left();
  const wanted = amountOf(weights, ['wanted']);
  return {
    above: listed && listed.objects > copied.files ? { files: listed.objects, bytes: listed.bytes } : copied,
    below: planned && { files: planned.files + wanted.files, bytes: planned.bytes + wanted.bytes },
  };
}

function amountOf(weights: readonly Weight[], statuses: readonly Weight['status'][]): Amount {
  const those = weights.filter(({ status }) => statuses.includes(status));
  return {
    files: those.reduce((sum, { objects }) => sum + objects, 0),
    bytes: those.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

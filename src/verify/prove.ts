import type { Files } from '../ledger/files.ts';
import type { Objects } from '../ledger/objects.ts';
import type { Outcome } from './outcome.ts';
import { chosenSources, type EndedScan, endedListing, endedScans, isYoung, listingGoodForMs } from './preconditions.ts';
import type { Proof, Use } from './proof.ts';
import type { Verify } from './verify.ts';
import type { Ways } from './words.ts';

export interface ProveOptions {
  readonly files: Pick<Files, 'scans'>;
  readonly objects: Pick<Objects, 'listings'>;
  /** Of the configuration, in its order; without those that were retired. */
  readonly configured: readonly string[];
  readonly only: string | undefined;
  readonly acceptOldScan: boolean;
  /** Throws where the bucket is not the ledger's own. */
  readonly confirmBucket: () => Promise<void>;
  /** Lists the bucket anew; undefined: what is there must do. */
  readonly list: ((signal: AbortSignal) => Promise<unknown>) | undefined;
  readonly useOf: (source: string) => Promise<Omit<Use, 'source'> | undefined>;
  /** Told what is about to be gone through, before it is. */
  readonly begin: (scans: readonly EndedScan[]) => void;
  readonly verify: Pick<Verify, 'run' | 'changedMeanwhile'>;
  readonly outcome: Outcome;
  readonly acknowledged: { readonly size: number; readonly unused: readonly string[] };
  readonly read: Proof['read'];
  readonly ways: Ways;
  readonly seed: string;
  readonly about: Proof['about'];
  readonly now: () => number;
}

/**
 * One verification, from what has to be there before to the result.
 * @throws VerifyError when a scan or listing is missing or too old; whatever broke it off. Then nothing is proven.
 */
export async function prove(options: ProveOptions, signal: AbortSignal): Promise<Proof> {
  const { files, objects, configured, only, acceptOldScan, confirmBucket, list, now, verify, outcome } = options;
  const sources = chosenSources(configured, only);
  const beganMs = now();
  const seen = await files.scans();
  const scans = endedScans(sources, seen, { nowMs: beganMs, acceptOld: acceptOldScan });
  await confirmBucket();
  const { last } = await objects.listings();
  // What was copied while it ran may be missing from it, so it is as old as its beginning.
  if (list && (last?.endedMs === undefined || !isYoung(last.beganMs, beganMs, listingGoodForMs))) await list(signal);
  const listing = endedListing((await objects.listings()).last);
  options.begin(scans);
  await verify.run(signal);
  // A bucket that was another one in the end may have been so before.
  await confirmBucket();
  signal.throwIfAborted();
  return {
    ways: options.ways,
    seed: options.seed,
    sources,
    leftOut: configured.filter((source) => !sources.includes(source)),
    beganMs,
    endedMs: now(),
    scans,
    listing,
    newsMs: newsOf(sources, seen),
    uses: await Promise.all(
      sources.map(async (source) => {
        const { watchedMs, lastMs } = (await options.useOf(source)) ?? { watchedMs: undefined, lastMs: undefined };
        return { source, watchedMs, lastMs };
      }),
    ),
    tally: outcome.tally,
    keys: outcome.keys,
    exceptions: outcome.exceptions,
    changedMeanwhile: verify.changedMeanwhile,
    acknowledged: { given: options.acknowledged.size, unused: options.acknowledged.unused },
    read: options.read,
    stateHash: outcome.stateHash(),
    about: options.about,
  };
}

function newsOf(sources: readonly string[], scans: Awaited<ReturnType<Files['scans']>>): Record<string, number> {
  const all = scans.flatMap(({ last, newsMs }) =>
    last && newsMs !== undefined && sources.includes(last.source) ? [[last.source, newsMs] as const] : [],
  );
  return Object.fromEntries(all);
}

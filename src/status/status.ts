import type { Files } from '../ledger/files.ts';
import type { CopyStatus, Ledger } from '../ledger/ledger.ts';
import type { Failure, LedgerSummary, Weight } from '../ledger/ledger-summary.ts';
import type { KnownUse, SourceUse, Verification, Verifications } from '../ledger/proof.ts';
import type { TierShare } from '../ledger/tier-shares.ts';
import type { Rate } from './copy-rate.ts';
import { type Unplug, type UnplugFacts, unplug } from './unplug.ts';

/** What the backfill tells of itself. */
export interface BackfillProgress {
  /** What it does now, in a word. */
  readonly state: string;
  /** Below, not above, and not taken up yet; undefined: no plan was made. */
  readonly left: { readonly files: number; readonly bytes: number } | undefined;
  /** How long that takes, and what that assumes; undefined: it cannot be told. */
  readonly eta: { readonly ms: number; readonly assuming: string } | undefined;
}

export interface SourceStatus {
  readonly name: string;
  /** Since when it is retired; undefined: it is in use. */
  readonly retiredMs: number | undefined;
  readonly use: KnownUse | undefined;
  readonly verification: Verification | undefined;
  /** How long its operations take now, in milliseconds, where that is known. */
  readonly latencyMs: number | undefined;
  readonly unplug: Unplug;
}

/** How far the move is. Times in milliseconds since the epoch, sizes in bytes. */
export interface Status {
  readonly atMs: number;
  readonly phase: 'front' | 'move';
  /** Since when `serve` runs; undefined: it does not, and this is what its files say. */
  readonly servingMs: number | undefined;
  readonly weights: readonly Weight[];
  readonly byStatus: Readonly<Record<CopyStatus, number>>;
  readonly openAttempts: number;
  readonly openIntents: number;
  /** Since when the oldest copy waits. */
  readonly oldestWantedMs: number | undefined;
  readonly oldestFailure: Failure | undefined;
  /** Who answered readers. */
  readonly tiers: {
    readonly hour: readonly TierShare[];
    readonly day: readonly TierShare[];
    readonly all: readonly TierShare[];
  };
  readonly rate: Rate | undefined;
  readonly backfill: BackfillProgress | undefined;
  readonly sources: readonly SourceStatus[];
}

export interface StatusOptions {
  readonly now: () => number;
  readonly phase: 'front' | 'move';
  readonly servingMs: number | undefined;
  /** Names of all that are configured. */
  readonly sources: readonly string[];
  /** As the configuration, or the command, has it: for `unplug`. */
  readonly windowMs: number;
  readonly proofMs: number;
  readonly ledger: Pick<Ledger, 'counts'>;
  readonly summary: LedgerSummary;
  readonly use: Pick<SourceUse, 'of'>;
  readonly verifications: Pick<Verifications, 'last'>;
  readonly retired: () => Promise<ReadonlyMap<string, number>>;
  readonly openIntents: () => Promise<number>;
  readonly tiers: (sinceMs: number | undefined) => Promise<readonly TierShare[]>;
  /** Left out, all of them: not known here. */
  readonly rate?: () => Rate | undefined;
  readonly backfill?: () => Promise<BackfillProgress | undefined>;
  readonly files?: Pick<Files, 'scans'>;
  readonly latencyMs?: (source: string) => number | undefined;
}

const hourMs = 3_600_000;

/** Puts together how far the move is, and what of it could be unplugged. Every part of it is a quick question. */
export async function statusNow(options: StatusOptions): Promise<Status> {
  const { now, phase, servingMs, ledger, summary, tiers, openIntents } = options;
  const atMs = now();
  const counts = await ledger.counts(atMs);
  const intents = await openIntents();
  const retired = await options.retired();
  const common = {
    nowMs: atMs,
    phase,
    windowMs: options.windowMs,
    proofMs: options.proofMs,
    wanted: counts.byStatus.wanted,
    openAttempts: counts.openAttempts,
    openIntents: intents,
  };
  const sources: SourceStatus[] = [];
  for (const name of options.sources) sources.push(await sourceStatus(name, retired.get(name), common, options));
  return {
    atMs,
    phase,
    servingMs,
    weights: await summary.weights(),
    byStatus: counts.byStatus,
    openAttempts: counts.openAttempts,
    openIntents: intents,
    oldestWantedMs: counts.oldestWantedMs,
    oldestFailure: await summary.oldestFailure(),
    tiers: { hour: await tiers(atMs - hourMs), day: await tiers(atMs - 24 * hourMs), all: await tiers(undefined) },
    rate: options.rate?.(),
    backfill: await options.backfill?.(),
    sources,
  };
}

async function sourceStatus(
  name: string,
  retiredMs: number | undefined,
  common: Omit<UnplugFacts, 'source' | 'retiredMs' | 'verification' | 'use' | 'newsMs' | 'failedSince'>,
  { use, verifications, summary, files, latencyMs }: StatusOptions,
): Promise<SourceStatus> {
  const verification = await verifications.last(name);
  const known = await use.of(name);
  const facts: UnplugFacts = {
    ...common,
    source: name,
    retiredMs,
    verification,
    use: known,
    newsMs: files && (await newsOf(files, name)),
    failedSince: verification ? await summary.failedSince(verification.beganMs) : 0,
  };
  return { name, retiredMs, use: known, verification, latencyMs: latencyMs?.(name), unplug: unplug(facts) };
}

/** When a scan last met something new or changed in a source. */
async function newsOf(files: Pick<Files, 'scans'>, source: string): Promise<number | undefined> {
  const scans = await files.scans();
  return scans.find(({ last, open }) => (last ?? open)?.source === source)?.newsMs;
}

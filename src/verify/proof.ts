import type { Listing } from '../ledger/objects.ts';
import type { Verification, VerifyMode } from '../ledger/proof.ts';
import { type EndedScan, isYoung, scanGoodForMs } from './preconditions.ts';
import type { Tally } from './tally.ts';
import type { Ways } from './words.ts';

/** When a source last had to answer a reader. Times in milliseconds since the epoch. */
export interface Use {
  readonly source: string;
  /** Undefined: it was never watched. */
  readonly watchedMs: number | undefined;
  /** Undefined: nobody since. */
  readonly lastMs: number | undefined;
}

/** The whole result: what the report, the summary and the JSON are made of. Times in milliseconds since the epoch. */
export interface Proof {
  readonly ways: Ways;
  /** What decided which objects were read again. */
  readonly seed: string;
  readonly sources: readonly string[];
  /** Of the configuration, and not looked at. */
  readonly leftOut: readonly string[];
  readonly beganMs: number;
  readonly endedMs: number;
  readonly scans: readonly EndedScan[];
  readonly listing: Listing & { readonly endedMs: number };
  /** By source: when a scan had last met something new or changed, as this began. */
  readonly newsMs: Readonly<Record<string, number>>;
  readonly uses: readonly Use[];
  readonly tally: Tally;
  readonly keys: number;
  readonly exceptions: number;
  readonly changedMeanwhile: number;
  readonly acknowledged: { readonly given: number; readonly unused: readonly string[] };
  /** What was read again. */
  readonly read: {
    readonly objects: number;
    readonly objectBytes: number;
    readonly fileBytes: number;
  };
  readonly stateHash: string;
  readonly about: {
    readonly version: string;
    readonly node: string;
    readonly configFingerprint: string;
    readonly endpoint: string;
    readonly bucket: string;
    readonly ledger: string;
  };
}

export function isClean({ exceptions }: Pick<Proof, 'exceptions'>): boolean {
  return exceptions === 0;
}

/**
 * Whether it rests on what is fresh enough to be kept as the result for its sources: an old scan or listing that was accepted tells a person
 * something, and proves nothing about today.
 */
export function isFresh({ beganMs, scans, listing }: Pick<Proof, 'beganMs' | 'scans' | 'listing'>): boolean {
  return [...scans, listing].every((basis) => isYoung(basis.beganMs, beganMs, scanGoodForMs));
}

export function modeOf({ source, percent }: Pick<Ways, 'source' | 'percent'>): VerifyMode {
  if (source) return 'source';
  return percent > 0 ? 'download' : 'recorded';
}

/** As it is kept. */
export function verificationOf(proof: Proof): Verification {
  const { beganMs, endedMs, sources, newsMs, stateHash, ways } = proof;
  const total = proof.tally.total();
  return {
    beganMs,
    endedMs,
    mode: modeOf(ways),
    percent: ways.percent,
    seed: ways.percent > 0 && ways.percent < 100 ? proof.seed : undefined,
    sources,
    newsMs,
    clean: isClean(proof),
    counts: {
      equal: total['='].files,
      onlyBelow: total['+'].files,
      onlyAbove: total['-'].files,
      different: total['*'].files,
      error: total['!'].files,
      excepted: total.excepted.files,
    },
    stateHash,
  };
}

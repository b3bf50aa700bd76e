import type { KnownUse, Verification } from '../ledger/proof.ts';
import { minuteInWords, span } from '../lib/quantity-words.ts';

/** Everything that the answer depends on. Times in milliseconds since the epoch. */
export interface UnplugFacts {
  readonly source: string;
  readonly nowMs: number;
  readonly phase: 'front' | 'move';
  /** Since when it is out of the read path; undefined: it is in it. */
  readonly retiredMs: number | undefined;
  /** How long it must have answered no reader. */
  readonly windowMs: number;
  /** How old a clean verification may be. */
  readonly proofMs: number;
  /** The newest that was about it. */
  readonly verification: Verification | undefined;
  readonly use: KnownUse | undefined;
  /** When a scan last met a file of it that was new or had changed, whether or not that scan came to its end; undefined: not known. */
  readonly newsMs: number | undefined;
  /** Copies that are still to be made, of all sources. */
  readonly wanted: number;
  /** Copies that were given up since the verification began. */
  readonly failedSince: number;
  /** Uploads of ours, and writes of clients, whose outcome is not known yet. */
  readonly openAttempts: number;
  readonly openIntents: number;
}

/** Stays the same; the sentences may change. */
export type UnplugCode =
  | 'phase'
  | 'not-verified'
  | 'not-clean'
  | 'verified-long-ago'
  | 'scanned-since'
  | 'failed-since'
  | 'copies-wanted'
  | 'attempts-open'
  | 'intents-open'
  | 'not-watched'
  | 'needed-lately'
  | 'watched-too-short';

export interface UnplugReason {
  readonly code: UnplugCode;
  readonly why: string;
  /** What to do about it. */
  readonly todo: string;
}

/** Whether a source can be unplugged. `reasons`: every one against it; empty exactly where it is safe. */
export interface Unplug {
  readonly safe: boolean;
  readonly reasons: readonly UnplugReason[];
}

/**
 * "Can I pull the plug?" Yes, if a verification found everything of it in the bucket, nothing has come up since that speaks against it, and
 * no reader has needed it for a window in which readers could have asked. What is retired was found to be so then, and is not asked any more.
 */
export function unplug(facts: UnplugFacts): Unplug {
  if (facts.retiredMs !== undefined) return { safe: true, reasons: [] };
  const reasons = [...ofPhase(facts), ...ofProof(facts), ...ofWork(facts), ...ofUse(facts)];
  return { safe: reasons.length === 0, reasons };
}

function* ofPhase({ phase }: UnplugFacts): Generator<UnplugReason> {
  if (phase === 'front')
    yield {
      code: 'phase',
      why: 'in phase: front Mastodon still writes to its old place, and nothing is copied',
      todo: 'set phase: move, once Mastodon writes through Upstairs',
    };
}

function* ofProof(facts: UnplugFacts): Generator<UnplugReason> {
  const { verification, newsMs, nowMs, proofMs, failedSince } = facts;
  if (!verification) {
    yield { code: 'not-verified', why: 'it was never verified', todo: 'run upstairs verify' };
    return;
  }
  const { clean, beganMs, counts } = verification;
  const knownMs = verification.newsMs?.[facts.source];
  if (!clean)
    yield {
      code: 'not-clean',
      why: `the last verification found ${exceptions(counts)}`,
      todo: 'see what upstairs verify lists, copy or acknowledge it, and verify again',
    };
  if (nowMs < beganMs)
    yield {
      code: 'verified-long-ago',
      why: 'the last verification is of a time that is still to come (the clock was set back), so nobody knows how old it is',
      todo: 'run upstairs verify',
    };
  if (nowMs - beganMs > proofMs)
    yield {
      code: 'verified-long-ago',
      why: `the last verification is ${span(nowMs - beganMs)} old, and may be ${span(proofMs)} (retire.proof)`,
      todo: 'run upstairs verify',
    };
  if (knownMs !== undefined && newsMs === undefined)
    yield {
      code: 'scanned-since',
      why: 'what scans found is not on record any more (files.db), so nobody knows what they found since the last verification',
      todo: 'run upstairs scan, and upstairs verify',
    };
  // Where it is known what the verification knew, that decides: the clock may have been set back.
  if (newsMs !== undefined && (knownMs === undefined ? newsMs > beganMs : newsMs !== knownMs))
    yield {
      code: 'scanned-since',
      why: `a scan found a new or changed file at ${minuteInWords(newsMs)}, after the last verification began`,
      todo: 'have them copied, and run upstairs verify',
    };
  if (failedSince > 0)
    yield {
      code: 'failed-since',
      why: `${failedSince >= 1000 ? 'a thousand copies or more were' : `${count(failedSince, 'copy', 'copies')} ${failedSince === 1 ? 'was' : 'were'}`} given up since ${minuteInWords(beganMs)}, when the last verification began`,
      todo: 'see upstairs failures, and run upstairs verify',
    };
}

function* ofWork({ wanted, openAttempts, openIntents }: UnplugFacts): Generator<UnplugReason> {
  if (wanted > 0)
    yield {
      code: 'copies-wanted',
      why: `${count(wanted, 'copy is', 'copies are')} still to be made`,
      todo: 'let them end (upstairs list wanted)',
    };
  if (openAttempts > 0)
    yield {
      code: 'attempts-open',
      why: `${count(openAttempts, 'upload')} of unknown outcome`,
      todo: 'wait: serve looks again after a minute, ten, an hour and a day (copy.looks)',
    };
  if (openIntents > 0)
    yield {
      code: 'intents-open',
      why: `${count(openIntents, "write of Mastodon's", "writes of Mastodon's")} of unknown outcome`,
      todo: 'wait: serve finds out what became of them once the store answers',
    };
}

function* ofUse({ use, nowMs, windowMs }: UnplugFacts): Generator<UnplugReason> {
  const window = `${span(windowMs)} (retire.quiet)`;
  if (!use) {
    yield { code: 'not-watched', why: 'nobody watched whether readers need it', todo: 'start upstairs serve' };
    return;
  }
  const { lastMs, quietMs } = use;
  if (lastMs !== undefined && nowMs - lastMs < windowMs)
    yield {
      code: 'needed-lately',
      why: `a reader needed it ${span(Math.max(0, nowMs - lastMs))} ago; it must have been needed by nobody for ${window}`,
      todo: 'wait, and see in the access log what it is asked for',
    };
  else if (quietMs < windowMs)
    yield {
      code: 'watched-too-short',
      why: `upstairs serve has run for ${span(quietMs)} without a reader who needed it; that must be ${window}`,
      todo: 'let upstairs serve run on: the time in which it does not run does not count',
    };
}

function exceptions({ onlyBelow, different, error }: Verification['counts']): string {
  const parts = [
    ...(onlyBelow > 0 ? [`${count(onlyBelow, 'file')} that the bucket does not have`] : []),
    ...(different > 0 ? [`${different} that ${different === 1 ? 'differs' : 'differ'}`] : []),
    ...(error > 0 ? [`${error} that could not be told`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : 'that not everything is in the bucket';
}

function count(n: number, one: string, several = `${one}s`): string {
  return `${n} ${n === 1 ? one : several}`;
}

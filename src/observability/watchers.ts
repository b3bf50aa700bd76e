import type { CopyReason } from '../ledger/ledger.ts';
import type { CopyOutcome } from '../protocol/state.ts';

/** Who counts what happens for himself. */
export interface Watcher {
  /** A reader had an answer. */
  readonly answered?: (tier: string, bytes: number) => void;
  readonly copied?: (bytes: number) => void;
  readonly copyGivenUp?: () => void;
  /** The bucket could not be asked, or did not do what it was told. */
  readonly storeTroubled?: () => void;
  /** A source could not deliver. */
  readonly sourceTroubled?: (source: string) => void;
}

/** Why copies wait or are given up that lies with the store. */
const ofTheStore: ReadonlySet<CopyReason> = new Set<CopyReason>([
  'bucket-unavailable',
  'slow-down',
  'store-refused',
  'store-denied',
  'unknown-outcome',
  'missing-again',
]);

/** Tells everybody who counts. */
export class Watchers {
  readonly #all: Watcher[] = [];

  add(watcher: Watcher): void {
    this.#all.push(watcher);
  }

  answered(tier: string, bytes: number): void {
    for (const { answered } of this.#all) answered?.(tier, bytes);
  }

  copyEnded(outcome: CopyOutcome, givenUp: boolean, bytes: number): void {
    for (const { copied, copyGivenUp } of this.#all) {
      if (givenUp) copyGivenUp?.();
      else if (outcome.type === 'copied') copied?.(bytes);
    }
    if ('reason' in outcome && ofTheStore.has(outcome.reason)) this.storeTroubled();
  }

  /** A request to the write host was answered; a key that somebody else works on is no trouble of the store's. */
  written(status: number, outcomes: Iterable<string>): void {
    if (status >= 500 && ![...outcomes].includes('busy')) this.storeTroubled();
  }

  storeTroubled(): void {
    for (const { storeTroubled } of this.#all) storeTroubled?.();
  }

  sourceTroubled(source: string): void {
    for (const { sourceTroubled } of this.#all) sourceTroubled?.(source);
  }
}

import type { TurnEnd } from '../copy/copy-turn.ts';
import type { CopyReason } from '../ledger/ledger.ts';

export interface RestOptions {
  /** So many errors of one kind in a row, and the source is left alone. */
  readonly errors: number;
  /** How long, in milliseconds; doubles each time, until a copy has succeeded. */
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Why a source is left alone. */
export type RestReason = Extract<CopyReason, 'source-unavailable' | 'damaged'>;

/** Reasons that show that the source answered. */
const answered: ReadonlySet<CopyReason> = new Set([
  'too-young',
  'too-large',
  'changed',
  'gone-below',
  'unreadable',
  'private-without-acls',
]);

/**
 * When a source is to be left alone: after so many copies in a row that it could not deliver. Damaged files are counted apart: some here and
 * there are a disk's age, many in a row its end.
 */
export class SourceRest {
  readonly #options: RestOptions;
  readonly #inRow = { 'source-unavailable': 0, damaged: 0 };
  #nextMs: number;
  #untilMs = Number.NEGATIVE_INFINITY;
  #why: RestReason | undefined;

  constructor(options: RestOptions) {
    this.#options = options;
    this.#nextMs = options.firstMs;
  }

  /** It is left alone until then; undefined: it is not. */
  resting(nowMs: number): { readonly untilMs: number; readonly why: RestReason } | undefined {
    return this.#why !== undefined && nowMs < this.#untilMs ? { untilMs: this.#untilMs, why: this.#why } : undefined;
  }

  /** How a copy from it ended. True: it is left alone from now on. */
  ended({ outcome }: TurnEnd, nowMs: number): boolean {
    if (outcome.type === 'copied') {
      this.#inRow['source-unavailable'] = 0;
      this.#inRow.damaged = 0;
      this.#nextMs = this.#options.firstMs;
      return false;
    }
    if (outcome.type !== 'later') return false;
    const { reason } = outcome;
    if (answered.has(reason)) this.#inRow['source-unavailable'] = 0;
    if (reason !== 'source-unavailable' && reason !== 'damaged') return false;
    // A damaged file was found by a disk that answers.
    if (reason === 'damaged') this.#inRow['source-unavailable'] = 0;
    this.#inRow[reason] += 1;
    return this.#inRow[reason] >= this.#options.errors && this.#rest(reason, nowMs);
  }

  #rest(why: RestReason, nowMs: number): boolean {
    // What was under way when it began is not one more time.
    if (this.resting(nowMs)) return false;
    this.#inRow['source-unavailable'] = 0;
    this.#inRow.damaged = 0;
    this.#why = why;
    this.#untilMs = nowMs + this.#nextMs;
    this.#nextMs = Math.min(this.#options.mostMs, this.#nextMs * 2);
    return true;
  }
}

import type { ChangeDetails, FailedFile, Queued } from '../ledger/ledger.ts';
import type { SourceBody } from '../media/body.ts';
import type { CopyOutcome, Step } from '../protocol/state.ts';
import { backoffMs, countsAfter, givesUp, lookDelayMs, type RetryLimits } from './schedule.ts';

/** How a turn with a key went, as far as it decides when the key is taken up again. */
export interface TurnFacts {
  readonly what: 'copy' | 'look';
  /** What this turn read, where the store has confirmed that it holds just that: uploaded now, or there already. */
  readonly confirmed: { readonly body: SourceBody; readonly md5: string } | undefined;
  /** Not to be tried again before, in milliseconds since the epoch; undefined: as tries in vain say. */
  readonly notBeforeMs: number | undefined;
  /** A read, an upload or a look was begun. If not, an earlier upload or mutation has no known outcome yet. */
  readonly tried: boolean;
  /** It had to delete or change the ACL of what it found. */
  readonly mended: boolean;
  /** More about why it did not succeed, and what could not be copied. */
  readonly detail: string | undefined;
  readonly failed: FailedFile | undefined;
}

export interface EndingOptions {
  readonly looksMs: readonly number[];
  readonly retry: RetryLimits;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * What is written beside the protocol's own change when the lease is let go: when the key is tried or looked at again, and whether it is
 * given up. `queued`: what the ledger has of it; undefined: it is not wanted.
 */
export function endingOf(
  turn: TurnFacts,
  { save, state }: Pick<Step, 'save' | 'state'>,
  outcome: CopyOutcome,
  queued: Queued | undefined,
  options: EndingOptions,
): { givenUp: boolean; details: ChangeDetails } {
  const { retry, now, random } = options;
  const look = lookTime(save?.look, options);
  if (outcome.type === 'copied' && turn.confirmed) {
    const { body, md5 } = turn.confirmed;
    const { source, meta, mtime } = body;
    return { givenUp: false, details: { ...look, reason: null, source, size: meta.size, md5, mtime, tries: 0 } };
  }
  if (outcome.type !== 'later') {
    // What a look found in order says nothing about why a copy waits.
    return { givenUp: false, details: { ...look, ...(outcome.type === 'looked' ? {} : { reason: null }) } };
  }
  const { reason } = outcome;
  // What a look found missing was counted when its upload failed, and need not wait; a 412 for what is not there must.
  const atOnce = reason === 'missing-again' && turn.what === 'look';
  const before = queued ?? { tries: 0, failures: 0 };
  const { tries, failures } = atOnce ? before : turn.tried ? countsAfter(reason, before) : waited(before);
  const waitMs = backoffMs(Math.max(1, tries), retry, random());
  // A look that is due and could not be taken, or whose mending failed, waits as long as a copy would.
  const lookAgain = (turn.what === 'look' || turn.mended) && look.lookAtMs === undefined && state.look !== undefined;
  return {
    givenUp: queued !== undefined && givesUp(reason, failures, retry),
    details: {
      reason,
      detail: turn.detail ?? null,
      failed: turn.failed ?? null,
      tries,
      failures,
      notBeforeMs: turn.notBeforeMs ?? now() + (atOnce ? 0 : waitMs),
      ...(lookAgain ? { lookAtMs: now() + waitMs } : look),
    },
  };
}

/** Waiting for what an earlier upload came to is no failure, however long it takes. */
function waited({ tries, failures }: Pick<Queued, 'tries' | 'failures'>) {
  return { tries: tries + 1, failures };
}

/** When the next look is due, if one is. */
export function lookTime(
  look: number | null | undefined,
  { looksMs, now }: Pick<EndingOptions, 'looksMs' | 'now'>,
): { lookAtMs?: number } {
  if (look === undefined || look === null) return {};
  return { lookAtMs: now() + lookDelayMs(look, looksMs) };
}

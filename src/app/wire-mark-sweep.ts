import { MarkSweep } from '../gateway/mark-sweep.ts';
import type { Files } from '../ledger/files.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Marks } from '../marks/marks.ts';
import type { Context } from './context.ts';
import type { BucketParts } from './wire-bucket.ts';
import type { MediaParts } from './wire-media.ts';

/** How often settled marks are looked through for some that are not needed any more, in milliseconds. */
const sweepEveryMs = 10_000;
/** How long after the last look a mark may be forgotten, in milliseconds. */
const sweepMarginMs = 3600 * 1000;

interface SweepParts {
  readonly marks: Marks;
  readonly ledger: Ledger;
  readonly files: Pick<Files, 'of'>;
  readonly bucket: Pick<BucketParts, 'store' | 'identity'>;
  readonly media: Pick<MediaParts, 'whereBelow' | 'inUse'>;
  /** Every source that ever was is configured. */
  readonly all: boolean;
}

/** Forgets marks that are not needed any more, from now on. */
export function wireMarkSweep(
  { config, report, teardown, now }: Context,
  { marks, ledger, files, bucket, media, all }: SweepParts,
): void {
  const moving = config.phase === 'move';
  const sweep = new MarkSweep({
    marks,
    ledger,
    whereBelow: media.whereBelow,
    scanned: async (key) => (await files.of(key)).length > 0,
    above: async (key) => {
      const { kind } = await bucket.store.look(key);
      // In the wrong bucket everything is missing.
      return kind === 'missing' && (await bucket.identity.confirm()) !== 'ours' ? 'unavailable' : kind;
    },
    allowed: () => moving && all && media.inUse.retired.size === 0,
    afterMs: (config.copy.looks.at(-1) ?? 0) + sweepMarginMs,
    everyMs: sweepEveryMs,
    now,
    failed: report.sweepFailed,
  });
  sweep.start();
  teardown.add('mark sweep', () => sweep.stop());
}

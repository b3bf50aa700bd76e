import type { BackfillLane } from '../copy/backfill-lane.ts';
import { Copier } from '../copy/copier.ts';
import { Copies } from '../copy/copies.ts';
import { CopyPace } from '../copy/copy-pace.ts';
import { LeftUploads } from '../copy/left-uploads.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { mostObjectBytes } from '../lib/part-size.ts';
import type { Marks } from '../marks/marks.ts';
import { contentType } from '../media/content-type.ts';
import { isPrivate } from '../media/private-prefix.ts';
import type { Leases } from '../protocol/leases.ts';
import type { Context } from './context.ts';
import type { BucketParts } from './wire-bucket.ts';
import type { MediaParts } from './wire-media.ts';

interface CopiesParts {
  readonly marks: Marks;
  readonly ledger: Ledger;
  readonly bucket: BucketParts;
  readonly media: MediaParts;
  readonly leases: Leases;
  readonly pace: CopyPace;
  /** The second lane; undefined: only what is asked for is copied. */
  readonly backfill: BackfillLane | undefined;
  readonly purge: (key: string) => void;
}

/** How fast all copies go up. */
export function wirePace({ config }: Context): CopyPace {
  return new CopyPace({ limits: config.copy.pace, now: () => performance.now() });
}

/** The mover: copies, and the looks after everything of unknown outcome. */
export function wireCopies({ config, metrics, report, teardown, now }: Context, parts: CopiesParts): Copies {
  const { marks, ledger, bucket, media, leases, pace, backfill, purge } = parts;
  const { copy } = config;
  const rules = () => (bucket.identity.state === 'ours' ? bucket.rules() : undefined);
  const leftUploads = new LeftUploads({
    records: ledger.parts,
    store: bucket.partStore,
    usable: () => rules() !== undefined,
    now,
    notAborted: report.uploadNotAborted,
    failed: report.copyNotRecorded,
  });
  // Let go of after the copies, which leave some.
  teardown.add('uploads in parts', () => leftUploads.stop());
  leftUploads.start();
  const copier = new Copier({
    ledger,
    marks,
    store: bucket.store,
    partStore: bucket.partStore,
    leftUploads,
    identity: bucket.identity,
    leases,
    forCopy: (key, lane) => media.sourceReads.forCopy(key, lane),
    pace,
    contentType,
    isPrivate: (key) => isPrivate(key, config.media.private),
    acls: config.bucket.acls,
    cacheControl: copy.cacheControl,
    minAgeMs: copy.minAge,
    maxBytes: mostObjectBytes,
    requestTimeoutMs: copy.requestTimeout,
    looksMs: copy.looks,
    retry: { firstMs: copy.retry.first, mostMs: copy.retry.most, times: copy.retry.times },
    now,
    random: Math.random,
    purge,
    events: {
      ended: (key, outcome, givenUp, bytes) => {
        if (outcome.type === 'copied') bucket.reads.forget(key);
        report.copyEnded(key, outcome, givenUp, bytes);
      },
      alarm: report.copyAlarm,
    },
  });
  return new Copies({
    ledger,
    copier,
    leases,
    pace,
    ...(backfill && { backfill }),
    copying: config.phase === 'move',
    concurrency: copy.concurrency,
    maxQueued: copy.maxQueued,
    rules,
    unsettled: () => marks.unsettled(),
    now,
    failed: report.copyNotRecorded,
    turnedAway: () => metrics.copyRequestsTurnedAway.inc(),
  });
}

import type { Config } from '../config/schema.ts';
import type { CopyPace } from '../copy/copy-pace.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Readings } from '../observability/readings.ts';
import { stateSpace } from '../status/state-space.ts';
import type { BucketParts } from './wire-bucket.ts';
import type { MediaParts } from './wire-media.ts';
import type { Proof } from './wire-proof.ts';
import type { Rest } from './wire-rest.ts';

interface ReadingParts extends Pick<Readings, 'openIntents' | 'oldestIntentMs' | 'copiesActive' | 'ready' | 'now'> {
  readonly media: Pick<MediaParts, 'inUse' | 'disks' | 'remotes' | 'cache' | 'room'>;
  readonly rest: Pick<Rest, 'drain' | 'looking' | 'scans' | 'inventory'>;
  readonly pace: Pick<CopyPace, 'slowDownMs'>;
  readonly bucket: Pick<BucketParts, 'identity'>;
  readonly proof: Pick<Proof, 'summary' | 'use' | 'verifications'>;
  readonly ledger: Pick<Ledger, 'counts'>;
}

/** What the metrics read of the running program. */
export function readingsOf(config: Config, parts: ReadingParts): Readings {
  const { media, rest, pace, bucket, proof, ledger, openIntents, oldestIntentMs, copiesActive, ready, now } = parts;
  const names = config.sources.map(({ name }) => name);
  const disks = config.sources.filter(({ type }) => type === 'disk').map(({ name }) => name);
  const { scanEvery, listEvery } = config.backfill;
  const available = (name: string) => {
    const disk = media.disks.find((one) => one.name === name);
    if (disk) return !disk.hung && disk.absences.length === 0;
    return media.remotes.find(({ source }) => source.name === name)?.asked ?? true;
  };
  return {
    cache: () => media.cache,
    spool: () => media.room.used,
    disks: () => media.disks.map((disk) => ({ source: disk.name, ...disk.load })),
    remotes: () => media.remotes.map(({ source, asked, load }) => ({ source: source.name, asked, ...load })),
    sources: () => names.map((source) => ({ source, inUse: media.inUse.has(source), available: available(source) })),
    copiesActive,
    slowDownMs: () => pace.slowDownMs,
    identity: () => bucket.identity.state,
    ready,
    openIntents,
    oldestIntentMs,
    backfill: async () => rest.drain?.facts(),
    ledger: () => ledger.counts(now()),
    weights: () => proof.summary.weights(),
    inventory: () => rest.inventory(),
    scans: () => rest.scans(),
    intervals: () => ({
      scanMs: rest.looking ? scanEvery : undefined,
      listMs: rest.looking && listEvery !== 'off' ? listEvery : undefined,
      disks: disks.filter(media.inUse.has),
    }),
    proofs: () =>
      Promise.all(
        names.map(async (source) => ({
          source,
          use: await proof.use.of(source),
          verification: await proof.verifications.last(source),
        })),
      ),
    state: () => stateSpace(config.state.dir),
    now,
  };
}

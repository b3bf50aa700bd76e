import { join } from 'node:path';
import { MemoryCache } from '../cache/memory-cache.ts';
import { provesAbsence } from '../config/sources-schema.ts';
import type { Retired } from '../ledger/proof.ts';
import { partBytesFor } from '../lib/part-size.ts';
import type { Marks } from '../marks/marks.ts';
import { Bodies } from '../media/bodies.ts';
import { SourceReads } from '../media/source-reads.ts';
import { SourcesInUse } from '../media/sources-in-use.ts';
import { SpoolRoom } from '../media/spool-room.ts';
import type { Context } from './context.ts';
import { type WiredSources, wireSources } from './wire-sources.ts';

/** How often it is looked whether a source was retired, or brought back, in milliseconds. */
const lookEveryMs = 2000;

export type MediaParts = Awaited<ReturnType<typeof wireMedia>>;

/** Bodies: one fetch for readers, cache and copy. */
export async function wireMedia(context: Context, marks: Marks, retired: Pick<Retired, 'all'>) {
  const { config, report, teardown, now } = context;
  let wired: WiredSources | undefined;
  const inUse = await SourcesInUse.begin({
    retired,
    configured: config.sources.map(({ name }) => name),
    everyMs: lookEveryMs,
    turned: (name, used) => {
      report.sourceTurned(name, used);
      // Before they are wired, they are wired as they are in use then.
      wired?.turn(name, used).catch(report.retiredUnknown);
    },
    failed: report.retiredUnknown,
  });
  teardown.add('sources in use', () => inUse.stop());
  if (inUse.retired.size > 0) report.sourcesRetired([...inUse.retired.keys()]);
  const asWired = new Set(inUse.names);
  wired = await wireSources(context, (name) => asWired.has(name));
  const { sources, disks, remotes, turn } = wired;
  // What was turned meanwhile.
  for (const { name } of config.sources)
    if (inUse.has(name) !== asWired.has(name)) turn(name, inUse.has(name)).catch(report.retiredUnknown);
  const { spool, copy, phase, state } = config;
  const { maxSize: maxBytes, maxObject: maxObjectBytes, ttl, frontTtl } = config.cache;
  const ttlMs = config.phase === 'front' ? Math.min(ttl, frontTtl) : ttl;
  const cache = new MemoryCache({ maxBytes, maxObjectBytes, ttlMs });
  const room = new SpoolRoom({
    dir: join(state.dir, 'spool'),
    memoryBytes: spool.memory,
    memoryObjectBytes: spool.memoryObject,
    diskBytes: spool.disk,
  });
  const bodies = new Bodies({ room, cache, marks, now, readAheadBytes: spool.readAhead });
  const sourceReads = new SourceReads({
    sources,
    inUse: inUse.has,
    bodies,
    wantsWhole: (size) => (phase === 'move' && size <= copy.multipartAbove) || size <= cache.maxObjectBytes,
    partBytesOf: (size) => (size > copy.multipartAbove ? partBytesFor(size) : undefined),
    troubled: report.sourceTroubled,
  });
  // A 404 of a wrong site, or of a disk that is not mounted there, must not have a mark forgotten, or a suspension refused.
  const proven = config.sources.every(provesAbsence);
  /** Whether a source has the key; what cannot be asked tells nothing, nor does a 404 without a canary, or what is retired and may come back. */
  const whereBelow = async (key: string): Promise<'nowhere' | 'below' | 'unknown'> => {
    const answer = await sourceReads.find(key, new AbortController().signal);
    if (answer.kind === 'found') answer.object.close();
    if (answer.kind === 'unavailable') return 'unknown';
    if (answer.kind !== 'missing') return 'below';
    return proven && inUse.retired.size === 0 ? 'nowhere' : 'unknown';
  };
  return { inUse, disks, remotes, cache, room, bodies, sourceReads, whereBelow };
}

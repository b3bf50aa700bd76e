import type { PlainConfig } from '../test/support/base-config.ts';
import type { Ask } from './load.ts';
import type { Item, Media } from './stage.ts';

/** One way in which readers are served, by both sides. */
export interface Row {
  readonly name: string;
  asks(media: Media): readonly Ask[];
  /** What Upstairs' Cache-Status says of each answer once the row is warm. */
  readonly tier: string;
  /** Merged over Upstairs' configuration. */
  readonly config: PlainConfig;
  /** Whether nginx has its proxy_cache. */
  readonly cached: boolean;
}

/** The least a cache may keep: every picture is too large for it. */
const uncached = { maxObject: '1KiB' };
const rangeBytes = 65_536;

export const rows: readonly Row[] = [
  {
    name: '20 kB from the edge cache',
    asks: (media) => media.pictures,
    tier: 'cache',
    config: {},
    cached: true,
  },
  {
    name: '64 kB range of a cached 4 MB video',
    asks: ({ video }) => ranges(video),
    tier: 'cache',
    config: {},
    cached: true,
  },
  {
    name: '20 kB from the bucket, not cached',
    asks: (media) => media.pictures,
    tier: 'bucket',
    config: { cache: uncached },
    cached: false,
  },
  {
    name: '20 kB from the disk, the bucket asked each time',
    asks: (media) => media.below,
    tier: 'basement',
    config: { cache: uncached, bucket: { absenceTtl: '1ms' } },
    cached: false,
  },
  {
    name: '20 kB from the disk, absence learned (Upstairs only: 10 s)',
    asks: (media) => media.below,
    tier: 'basement',
    config: { cache: uncached },
    cached: false,
  },
];

/** Ranges all over the object, in no order of theirs. */
function ranges({ key, size }: Item): Ask[] {
  const places = Math.floor(size / rangeBytes);
  return Array.from({ length: places }, (_, n) => {
    const first = ((n * 37) % places) * rangeBytes;
    return { key, range: `bytes=${first}-${first + rangeBytes - 1}` };
  });
}

import type { ListingRange } from '../ledger/listing-writer.ts';
import { compareBytes } from '../lib/byte-order.ts';

export interface SplitPointsOptions {
  /** At most so many points. */
  readonly wanted: number;
  /** At most so many requests. */
  readonly requests: number;
  /** What begins with `prefix` and goes on to a slash, behind `after`: some of it, in order. One request. */
  readonly folders: (prefix: string, after: string) => Promise<readonly string[]>;
}

/**
 * Where a range can be split so that each part holds something: before the folders that begin in it. First those around the place where it
 * begins, from the top down, then what is in these. None: it is one folder, or a bucket without any. Whatever comes out, the parts together
 * are the range; a folder that is not seen only makes a part larger.
 */
export async function splitPoints(
  { after, upTo }: Pick<ListingRange, 'after' | 'upTo'>,
  { wanted, requests, folders }: SplitPointsOptions,
): Promise<readonly string[]> {
  const inside = (name: string) =>
    compareBytes(name, after) > 0 && (upTo === undefined || compareBytes(name, upTo) < 0);
  const found: string[] = [];
  const toOpen = foldersAround(after);
  for (let asked = 0; asked < requests && found.length < wanted; asked++) {
    const folder = toOpen.shift();
    if (folder === undefined) break;
    const within = (await folders(folder, after)).filter(inside);
    found.push(...within);
    toOpen.push(...within);
  }
  return evenly([...new Set(found)].sort(compareBytes), wanted);
}

/** `a/b/c` is in the folders '', `a/` and `a/b/`. */
function foldersAround(key: string): string[] {
  const parts = key.split('/').slice(0, -1);
  return ['', ...parts.map((_, i) => `${parts.slice(0, i + 1).join('/')}/`)];
}

/** So many of them, with about as many left out between each two. */
function evenly(names: readonly string[], wanted: number): readonly string[] {
  if (names.length <= wanted) return names;
  return Array.from({ length: wanted }, (_, i) => names[Math.floor(((i + 0.5) * names.length) / wanted)]!);
}

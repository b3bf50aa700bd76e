import type { Files, SourceFile } from '../../src/ledger/files.ts';
import type { Objects } from '../../src/ledger/objects.ts';
import { compareBytes } from '../../src/lib/byte-order.ts';

/** Files in memory, in the order of their pages. */
export function filesOf(files: readonly SourceFile[]): Pick<Files, 'page'> {
  const sorted = files.toSorted((a, b) => compareBytes(a.key, b.key) || compareBytes(a.source, b.source));
  return {
    async page(after, limit) {
      const from = after
        ? firstAfter(sorted, (file) => compareBytes(file.key, after.key) || compareBytes(file.source, after.source))
        : 0;
      return sorted.slice(from, from + limit);
    },
  };
}

/** A bucket's listing in memory. */
export function objectsOf(keys: readonly string[]): Pick<Objects, 'page'> {
  const sorted = keys.toSorted(compareBytes).map((key) => ({ key, size: 1, etag: '' }));
  return {
    async page(after, limit) {
      const from = after === undefined ? 0 : firstAfter(sorted, ({ key }) => compareBytes(key, after));
      return sorted.slice(from, from + limit);
    },
  };
}

function firstAfter<T>(sorted: readonly T[], order: (one: T) => number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(sorted[middle]!) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

import { relative } from 'node:path';

/** Whether a path is another one, or lies below it. Both absolute; nothing is looked up. */
export function isInside(inner: string, outer: string): boolean {
  const way = relative(outer, inner);
  return way !== '..' && !way.startsWith('../');
}

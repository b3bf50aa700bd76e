import type { Marks } from '../marks/marks.ts';
import { hides } from '../protocol/state.ts';

/** Those of the keys whose marks let them be copied: open below, and not gone. */
export function keysToKeep(marks: Pick<Marks, 'get'>) {
  return async (keys: readonly string[]): Promise<ReadonlySet<string>> => {
    const marksOf = await Promise.all(keys.map((key) => marks.get(key)));
    return new Set(keys.filter((_, index) => !hides(marksOf[index]!)));
  };
}

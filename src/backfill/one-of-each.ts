import type { Files, SourceFile } from '../ledger/files.ts';

export interface OneOfEachOptions {
  readonly files: Pick<Files, 'page'>;
  /** Their names, in the order in which readers are answered from them. Files of others are passed over. */
  readonly sources: readonly string[];
  readonly pageSize: number;
}

/**
 * All files below in the order of their keys, page by page, each key once: of several sources that have it, the first one's file is what
 * readers get, and what is to be copied.
 */
export async function* oneOfEach({
  files,
  sources,
  pageSize,
}: OneOfEachOptions): AsyncGenerator<readonly SourceFile[]> {
  const places = new Map(sources.map((name, place) => [name, place]));
  let after: SourceFile | undefined;
  /** The last key's file so far: the next page may have a better one. */
  let held: SourceFile | undefined;
  for (;;) {
    const page = await files.page(after && { key: after.key, source: after.source }, pageSize);
    const chosen: SourceFile[] = [];
    for (const file of page) {
      if (!places.has(file.source)) continue;
      if (held && held.key !== file.key) chosen.push(held);
      const better = held?.key !== file.key || places.get(file.source)! < places.get(held.source)!;
      if (better) held = file;
    }
    after = page.at(-1);
    if (!after && held) chosen.push(held);
    if (chosen.length > 0) yield chosen;
    if (!after) return;
  }
}

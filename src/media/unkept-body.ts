import type { Readable } from 'node:stream';
import { type Digests, PartDigests } from '../lib/part-digests.ts';
import { type SourceObject, SourceReadError } from '../sources/source.ts';
import type { SourceBody } from './body.ts';

export interface UnkeptBodyOptions {
  readonly object: SourceObject;
  readonly source: string;
  readonly partBytes: number | undefined;
  /** A read of the whole, which may have begun already. Called at most once. */
  readonly read: () => Readable;
  /** Lets go of the object. */
  readonly release: () => void;
}

/** A body for a copy that the spool has no room for: read once to know its digests, and for every `open` again, from the same object. */
export function unkeptBody({ object, source, partBytes, read, release }: UnkeptBodyOptions): SourceBody {
  let reading: Readable | undefined;
  let whole: Promise<Digests> | undefined;
  const digests = async (): Promise<Digests> => {
    const hash = new PartDigests(partBytes);
    reading = read();
    for await (const chunk of reading as AsyncIterable<Buffer>) hash.update(chunk);
    if (!(await object.unchanged()))
      throw new SourceReadError('CHANGED', `${source}: the file changed while it was read`);
    return hash.digests();
  };
  return {
    meta: object.meta,
    bytes: undefined,
    source,
    mtime: object.mtime,
    private: object.private,
    open: async (range) => object.read(range),
    whole: () => {
      whole ??= digests();
      return whole;
    },
    unchanged: () => object.unchanged(),
    release: () => {
      reading?.destroy();
      release();
    },
  };
}

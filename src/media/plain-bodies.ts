import { Readable } from 'node:stream';
import type { ObjectMeta } from '../lib/object-meta.ts';
import type { Body } from './body.ts';

/** Bytes in memory: a hit in the edge cache. */
export function bufferBody(meta: ObjectMeta, bytes: Buffer): Body {
  return {
    meta,
    bytes,
    open: async (range = { first: 0, last: bytes.length - 1 }) =>
      Readable.from([bytes.subarray(range.first, range.last + 1)]),
    release: () => undefined,
  };
}

/** Facts alone, for HEAD. */
export function factsBody(meta: ObjectMeta): Body {
  return {
    meta,
    bytes: undefined,
    open: () => Promise.reject(new Error('a HEAD has no bytes')),
    release: () => undefined,
  };
}

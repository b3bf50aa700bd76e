import { type SourceObject, SourceReadError } from '../sources/source.ts';

/**
 * The same object, of whose reads it is told what breaks them, also after their first byte: the source failed. A file that changed is no
 * failure, and neither is a reader who leaves.
 */
export function toldReads(object: SourceObject, broke: (error: SourceReadError) => void): SourceObject {
  return {
    get meta() {
      return object.meta;
    },
    get mtime() {
      return object.mtime;
    },
    get private() {
      return object.private;
    },
    read: (range) =>
      object.read(range).once('error', (error) => {
        if (error instanceof SourceReadError && error.code !== 'CHANGED') broke(error);
      }),
    hurry: () => object.hurry?.(),
    unchanged: () => object.unchanged(),
    close: () => object.close(),
  };
}

import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';

/**
 * The same bytes, but the last piece is given only once their number and MD5 (hex) are right; otherwise the stream breaks with what
 * `wrong` makes. Whoever reads it never gets a whole body of other bytes. Destroying it destroys `source`.
 */
export function verifiedBytes(
  source: Readable,
  { size, md5 }: { readonly size: number; readonly md5: string },
  wrong: () => Error,
): Readable {
  const hash = createHash('md5');
  let seen = 0;
  let held: Buffer | undefined;
  const gate = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      seen += chunk.length;
      hash.update(chunk);
      const ready = held;
      held = chunk;
      callback(seen > size ? wrong() : null, ready);
    },
    flush(callback) {
      callback(seen === size && hash.digest('hex') === md5 ? null : wrong(), held);
    },
  });
  // It may break before anybody reads it; whoever reads it later is told.
  gate.on('error', () => undefined);
  return pipeline(source, gate, () => undefined);
}

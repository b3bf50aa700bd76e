import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { rejoined } from './rejoined.ts';

/**
 * The bytes of a log, unpacked where they are gzip's: told by how they begin (RFC 1952 §2.3.1), not by a name. Several packed logs, one
 * behind the other, are unpacked as one. The stream is destroyed when this is left early.
 */
export async function* unpacked(packed: Readable): AsyncGenerator<Buffer> {
  const chunks = packed[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const whole = rejoined(head, chunks);
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* whole;
    return;
  }
  // An error on the way destroys what comes out of it, and reaches who reads there.
  yield* pipeline(
    Readable.from(whole, { objectMode: false }),
    createGunzip(),
    () => undefined,
  ) as AsyncIterable<Buffer>;
}

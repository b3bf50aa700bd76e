import type { Readable } from 'node:stream';
import { Spool } from './spool.ts';
import type { SpoolRoom } from './spool-room.ts';

/**
 * Bytes on their way from the bucket to one reader alone. A reader who is slow holds the connection they come over; so only so many may
 * be piped, and what comes beyond that is spooled at the bucket's pace.
 */
export class Pipes {
  readonly #maxPiped: number;
  readonly #room: Pick<SpoolRoom, 'reserve'>;
  #piped = 0;

  constructor(options: { maxPiped: number; room: Pick<SpoolRoom, 'reserve'> }) {
    this.#maxPiped = options.maxPiped;
    this.#room = options.room;
  }

  /** What the reader gets in place of `bytes`; undefined, and `bytes` destroyed, when there is neither place nor room. */
  take(bytes: Readable, length: number): Readable | undefined {
    if (this.#piped < this.#maxPiped) {
      this.#piped += 1;
      bytes.once('close', () => {
        this.#piped -= 1;
      });
      return bytes;
    }
    const storage = this.#room.reserve(length);
    if (!storage) {
      bytes.on('error', () => undefined).destroy();
      return undefined;
    }
    const spool = new Spool(storage, length);
    // The reader is told by its own stream.
    spool.fill(bytes, async () => undefined).catch(() => undefined);
    const reader = spool.read({ first: 0, last: length - 1 });
    reader.once('close', () => {
      bytes.destroy();
      spool.close();
    });
    return reader;
  }
}

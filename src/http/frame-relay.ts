import { randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { FrameCursor } from './frame-cursor.ts';

/** "An endpoint is going away, such as a server going down" (RFC 6455 §7.4.1). */
const goingAway = Buffer.from([1001 >> 8, 1001 & 0xff]);

/** One direction of a WebSocket, byte for byte, until it is to go away. */
export class FrameRelay extends Transform {
  readonly #masked: boolean;
  readonly #frames = new FrameCursor();
  #leaving = false;
  #left = false;

  /** @param masked what goes to a server is (RFC 6455 §5.3). */
  constructor({ masked }: { masked: boolean }) {
    super();
    this.#masked = masked;
  }

  /** Ends it with a Close frame, behind the frame that is under way. Bytes that come then are thrown away. */
  goAway(): void {
    this.#leaving = true;
    if (this.#frames.between) this.#leave();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let at = 0;
    while (at < chunk.length && !this.#left) {
      const end = this.#frames.advance(chunk, at);
      if (this.#leaving) {
        this.push(chunk.subarray(at, end));
        if (this.#frames.between) this.#leave();
      }
      at = end;
    }
    if (!this.#leaving) this.push(chunk);
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#left = true;
    done();
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    if (!this.#frames.closed) this.push(closeFrame(this.#masked));
    this.push(null);
  }
}

function closeFrame(masked: boolean): Buffer {
  if (!masked) return Buffer.concat([Buffer.from([0x88, goingAway.length]), goingAway]);
  const mask = randomBytes(4);
  const payload = goingAway.map((byte, i) => byte ^ (mask[i] ?? 0));
  return Buffer.concat([Buffer.from([0x88, 0x80 | payload.length]), mask, payload]);
}

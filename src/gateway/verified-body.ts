import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import { BodyDigests } from './body-digests.ts';
import type { Announced } from './payload.ts';
import { S3Error } from './s3-error.ts';

/**
 * The same bytes, but the last piece is given only after all have come, their number is exact and every digest matches. Otherwise the
 * result breaks with an S3Error (IncompleteBody, BadDigest, XAmzContentSHA256Mismatch), and whoever reads it never gets a whole body.
 * Holds one piece of the source at a time. Destroying the result destroys `source`. `passed` is told the bytes of every piece.
 */
export function verifiedBody(source: Readable, announced: Announced, passed?: (bytes: number) => void): Readable {
  const gate = new Gate(announced, passed);
  // It may break before anybody reads it; whoever reads it later is told.
  gate.on('error', () => undefined);
  return pipeline(source, gate, () => undefined);
}

class Gate extends Transform {
  readonly #size: number;
  readonly #digests: BodyDigests;
  readonly #passed: ((bytes: number) => void) | undefined;
  #seen = 0;
  #held: Buffer | undefined;

  constructor(announced: Announced, passed: ((bytes: number) => void) | undefined) {
    super();
    this.#size = announced.size;
    this.#digests = new BodyDigests(announced);
    this.#passed = passed;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#seen += chunk.length;
    this.#passed?.(chunk.length);
    if (this.#seen > this.#size) {
      callback(incomplete(`more than the announced ${this.#size} bytes came`));
      return;
    }
    this.#digests.update(chunk);
    // An empty piece must not push out the one that is held.
    const ready = chunk.length === 0 ? undefined : this.#held;
    if (chunk.length > 0) this.#held = chunk;
    callback(null, ready);
  }

  override _flush(callback: TransformCallback): void {
    const problem =
      this.#seen === this.#size ? this.#digests.problem() : incomplete(`${this.#seen} of ${this.#size} bytes came`);
    if (problem) callback(problem);
    else callback(null, this.#held);
  }

  /** What is not ours comes from a connection that broke. (Named here, not in `_destroy`: `errored` keeps what `destroy` was told.) */
  override destroy(error?: Error): this {
    if (!error || error instanceof S3Error) return super.destroy(error);
    return super.destroy(incomplete(`the connection broke after ${this.#seen} of ${this.#size} bytes`, error));
  }
}

function incomplete(what: string, cause?: Error): S3Error {
  return new S3Error('IncompleteBody', `The body is not as long as Content-Length says: ${what}.`, { cause });
}

import { constants, Http2ServerResponse } from 'node:http2';

/** What a reader has to take within the time of a stall, in bytes. */
const pieceBytes = 64 * 1024;
/** Timers count in 31 bits of milliseconds: a longer one fires at once. */
const longestMs = 2 ** 31 - 1;

type Written = (error: Error) => void;

/** An answer over HTTP/2 that behaves, where Node's does not, like one over HTTP/1.1. */
export class Http2Response extends Http2ServerResponse {
  static {
    // Node's has neither, so that whoever asks takes a reader who left for one who is there, and waits for him with all that he holds.
    const gone = {
      get(this: Http2Response) {
        return this.#gone;
      },
    };
    // Node's is that of the stream, which Node ends by itself when the client resets it: an answer that never began would be finished.
    const finished = {
      get(this: Http2Response) {
        return this.writableEnded && this.headersSent && this.stream.writableFinished;
      },
    };
    Object.defineProperties(Http2Response.prototype, { destroyed: gone, closed: gone, writableFinished: finished });
  }

  /** Bytes of the body that were handed over. Those of the socket are of all streams. */
  bytesTaken = 0;
  /** Time without a byte moving until the stream is cut, in milliseconds; 0: never. */
  #stallMs = 0;
  #pendingBytes = 0;
  #stall: NodeJS.Timeout | undefined;

  /** Does nothing where the client has reset the stream already, maybe before the request was seen: Node's throws, into its own ticks. */
  override writeContinue(): void {
    if (!this.#gone) super.writeContinue();
  }

  /** Where the client has reset the stream nothing is written, and the callback is told: Node's may throw, at whoever pipes. */
  override write(chunk: string | Uint8Array, encoding?: BufferEncoding | Written, written?: Written): boolean {
    const done = typeof encoding === 'function' ? encoding : written;
    if (this.#gone) {
      if (done) process.nextTick(done, new Error('the reader has left'));
      return false;
    }
    const { length } = chunk;
    this.bytesTaken += length;
    this.#pending(length);
    return super.write(chunk, typeof encoding === 'string' ? encoding : 'utf8', (error) => {
      this.#pending(-length);
      done?.(error);
    });
  }

  /** Cut off, and not ended: without an error Node would reset the stream with NO_ERROR, which a client may take for the whole. */
  override destroy(error?: Error): this {
    super.destroy(error ?? new Error('the answer broke off'));
    return this;
  }

  /** A socket's time-out sees the bytes of other streams move, and so does Node's of a stream, while one waits to be sent. */
  cutWhenStalled(stallMs: number): void {
    if (stallMs <= 0) return;
    this.#stallMs = stallMs;
    this.stream.setTimeout(stallMs, () => this.#cut());
    this.stream.once('close', () => clearTimeout(this.#stall));
  }

  /** Reset by the client, or ended with its connection; `close` may be yet to come. */
  get #gone(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }

  #pending(bytes: number): void {
    this.#pendingBytes += bytes;
    clearTimeout(this.#stall);
    if (this.#stallMs === 0 || this.#pendingBytes === 0 || this.#gone) return;
    // A large piece is told of only when the last of it has gone.
    const pieces = Math.ceil(this.#pendingBytes / pieceBytes);
    this.#stall = setTimeout(() => this.#cut(), Math.min(this.#stallMs * pieces, longestMs)).unref();
  }

  #cut(): void {
    this.stream.close(constants.NGHTTP2_CANCEL);
  }
}

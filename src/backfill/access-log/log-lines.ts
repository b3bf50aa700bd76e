const newline = 0x0a;
/** Longer lines are passed over: nginx's are at most some request headers (8 KiB each) long. */
const mostBytes = 64 * 1024;

/** A line without its end. */
export interface LogLine {
  /** Undefined: it was too long. */
  readonly text: string | undefined;
  /** Bytes from where the reading began to behind this line and its end. */
  readonly endBytes: number;
  /** False: the bytes ended within it. It may still be written. */
  readonly ended: boolean;
}

/** Cuts bytes into lines. What stands behind the last line's end comes as a line too, once all is read. Memory: a chunk and a line. */
export async function* logLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
  const begun = new BegunLine();
  let beforeChunk = 0;
  for await (const chunk of chunks) {
    let at = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, at)) {
      begun.add(chunk.subarray(at, end));
      at = end + 1;
      yield { text: begun.end(), endBytes: beforeChunk + at, ended: true };
    }
    begun.add(chunk.subarray(at));
    beforeChunk += chunk.length;
  }
  if (begun.any) yield { text: begun.end(), endBytes: beforeChunk, ended: false };
}

/** The beginning of a line, in pieces. */
class BegunLine {
  #pieces: Buffer[] = [];
  #bytes = 0;

  get any(): boolean {
    return this.#bytes > 0;
  }

  add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > mostBytes) this.#pieces = [];
    // A copy: the chunk that it comes from is not to be kept for it.
    else if (piece.length > 0) this.#pieces.push(Buffer.from(piece));
  }

  end(): string | undefined {
    const text = this.#bytes > mostBytes ? undefined : Buffer.concat(this.#pieces).toString().replace(/\r$/, '');
    this.#pieces = [];
    this.#bytes = 0;
    return text;
  }
}

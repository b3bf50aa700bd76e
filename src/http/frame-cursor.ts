const closing = 0x8;

/** Follows the frames of one direction of a WebSocket (RFC 6455 §5.2) as their bytes go by, and keeps none of them. */
export class FrameCursor {
  #head: number[] = [];
  #payloadLeft = 0;
  #closed = false;

  /** Between two frames: one more may be put in here. */
  get between(): boolean {
    return this.#head.length === 0 && this.#payloadLeft === 0;
  }

  /** A Close frame went by: none may follow it (§5.5.1). */
  get closed(): boolean {
    return this.#closed;
  }

  /** Goes on from an offset to the end of a frame, or of the chunk, and tells where that is. */
  advance(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const passed = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= passed;
        at += passed;
      } else {
        this.#head.push(chunk[at] ?? 0);
        at += 1;
        if (this.#head.length < headBytes(this.#head)) continue;
        this.#closed ||= ((this.#head[0] ?? 0) & 0x0f) === closing;
        this.#payloadLeft = payloadBytes(this.#head);
        this.#head = [];
      }
      if (this.between) return at;
    }
    return at;
  }
}

/** How long the head of a frame is, as far as its first two bytes tell. */
function headBytes([, second]: readonly number[]): number {
  if (second === undefined) return 2;
  const length = second & 0x7f;
  return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (second & 0x80 ? 4 : 0);
}

function payloadBytes(head: readonly number[]): number {
  const length = (head[1] ?? 0) & 0x7f;
  if (length < 126) return length;
  return head.slice(2, length === 126 ? 4 : 10).reduce((sum, byte) => sum * 256 + byte, 0);
}

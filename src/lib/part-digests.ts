import { createHash, type Hash } from 'node:crypto';

/** MD5s in hex: of the whole, and of its parts of `bytes` bytes each, of which the last may be shorter. */
export interface Digests {
  readonly md5: string;
  readonly parts?: { readonly bytes: number; readonly md5s: readonly string[] };
}

/** Hashes what comes piece by piece, as a whole and, where `partBytes` is given, in parts. */
export class PartDigests {
  readonly #whole = createHash('md5');
  readonly #partBytes: number | undefined;
  readonly #md5s: string[] = [];
  #part: Hash | undefined;
  #inPart = 0;

  constructor(partBytes?: number) {
    this.#partBytes = partBytes;
  }

  update(chunk: Buffer): void {
    this.#whole.update(chunk);
    if (this.#partBytes === undefined) return;
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + this.#partBytes - this.#inPart);
      this.#part ??= createHash('md5');
      this.#part.update(piece);
      this.#inPart += piece.length;
      at += piece.length;
      if (this.#inPart === this.#partBytes) this.#nextPart();
    }
  }

  /** Ends it. */
  digests(): Digests {
    const md5 = this.#whole.digest('hex');
    if (this.#partBytes === undefined) return { md5 };
    if (this.#inPart > 0) this.#nextPart();
    return { md5, parts: { bytes: this.#partBytes, md5s: this.#md5s } };
  }

  #nextPart(): void {
    if (this.#part) this.#md5s.push(this.#part.digest('hex'));
    this.#part = undefined;
    this.#inPart = 0;
  }
}

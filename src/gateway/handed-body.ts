import { finished, Readable } from 'node:stream';

/**
 * A body on its way to the store: how far it came. Holds one piece of `source` at a time. Whoever sends it may destroy it; `source` is
 * only let go, paused: the client behind it may still be waiting for an answer.
 */
export class HandedBody extends Readable {
  readonly #source: Readable;
  readonly #size: number;
  readonly #handedOver: () => void;
  readonly #release: () => void;
  #given = 0;
  #failure: Error | undefined;

  /** `size` in bytes, not 0. `handedOver` is called once, as the last of them is given. */
  constructor(source: Readable, size: number, handedOver: () => void) {
    super({ highWaterMark: 1 });
    this.#source = source;
    this.#size = size;
    this.#handedOver = handedOver;
    const give = (chunk: Buffer) => this.#give(chunk);
    source.pause().on('data', give);
    const unwatch = finished(source, { writable: false }, (error) => this.#end(error));
    this.#release = () => {
      unwatch();
      source.off('data', give).pause();
    };
  }

  /** Whether the store may have all of it. */
  get whole(): boolean {
    return this.#given >= this.#size;
  }

  /** What the source broke with. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  override _read(): void {
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#release();
    callback(error);
  }

  #give(chunk: Buffer): void {
    const before = this.whole;
    this.#given += chunk.length;
    if (this.whole && !before) this.#handedOver();
    if (!this.push(chunk)) this.#source.pause();
  }

  #end(error: Error | null | undefined): void {
    // undici would announce a body that ends before its first byte as an empty one.
    if (!error && !this.whole) error = new Error(`the body ended after ${this.#given} of ${this.#size} bytes`);
    if (error) {
      this.#failure = error;
      this.destroy(error);
    } else this.push(null);
  }
}

import type { Readable } from 'node:stream';
import type { ByteRange } from '../lib/byte-range.ts';
import { type Digests, PartDigests } from '../lib/part-digests.ts';
import { pulled } from '../lib/pulled.ts';
import type { SpoolStorage } from './spool-storage.ts';

/** Bytes a reader takes at once: there may be thousands. Of copies there are few. */
const chunkBytes = 64 * 1024;
export const copyChunkBytes = 256 * 1024;

/** The bytes could not be kept, or are no longer wanted. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError';
  readonly code: 'LENGTH_MISMATCH' | 'ABANDONED' | 'STORAGE';
  constructor(code: 'LENGTH_MISMATCH' | 'ABANDONED' | 'STORAGE', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Bytes that are filled once and read by any number, each at its own pace, while they come in. */
export class Spool {
  readonly size: number;
  readonly #storage: SpoolStorage;
  readonly #waiting = new Set<() => void>();
  #filled = 0;
  #whole = false;
  #failure: Error | undefined;
  #reads = 0;
  #closing = false;

  constructor(storage: SpoolStorage, size: number) {
    this.#storage = storage;
    this.size = size;
  }

  /** How many bytes can be read now. */
  get filled(): number {
    return this.#filled;
  }

  get whole(): boolean {
    return this.#whole;
  }

  /** All bytes, if the spool is whole and in memory. */
  get memory(): Buffer | undefined {
    return this.#whole ? this.#storage.memory : undefined;
  }

  /**
   * Takes all of `bytes`. `verify` is asked before the last of them can be read: a reader never gets to the end of something that
   * changed under it. Resolves to the MD5s, also of parts where `partBytes` is given. Fails its readers with the error it throws.
   */
  async fill(bytes: Readable, verify: () => Promise<void>, partBytes?: number): Promise<Digests> {
    const hash = new PartDigests(partBytes);
    let at = 0;
    try {
      for await (const chunk of bytes as AsyncIterable<Buffer>) {
        if (at + chunk.length > this.size) throw new SpoolError('LENGTH_MISMATCH', `more than ${this.size} bytes`);
        await this.#store(chunk, at);
        hash.update(chunk);
        at += chunk.length;
        if (at < this.size) this.#publish(at);
      }
      if (at < this.size) throw new SpoolError('LENGTH_MISMATCH', `${at} of ${this.size} bytes`);
      await verify();
    } catch (error) {
      this.fail(error as Error);
      throw error;
    }
    this.#whole = true;
    this.#publish(at);
    return hash.digests();
  }

  /** Resolves with the first byte that can be read; rejects when there is none to come. */
  async started(): Promise<void> {
    while (this.#filled === 0 && !this.#whole) await this.#progress();
  }

  /** Breaks every read that is not behind what was filled. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** The bytes of a range, as they come in, at most so many at once. */
  read(range: ByteRange, atOnce = chunkBytes): Readable {
    let at = range.first;
    const next = async (): Promise<Buffer | null> => {
      if (at > range.last) return null;
      const chunk = await this.#take(at, Math.min(atOnce, range.last + 1 - at));
      at += chunk.length;
      return chunk;
    };
    this.#reads += 1;
    const closed = () => {
      this.#reads -= 1;
      this.#wake();
      this.#closeIfDone();
    };
    return pulled(next, closed, atOnce);
  }

  /** The whole content in one buffer; only once it is whole. */
  async buffer(): Promise<Buffer> {
    if (this.memory) return this.memory;
    const bytes = await this.#storage.read(0, this.size);
    if (bytes.length < this.size) throw new SpoolError('STORAGE', 'the spool is shorter than it was written');
    return bytes;
  }

  /** Frees the storage once the last reader has closed. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (!this.#whole) this.fail(new SpoolError('ABANDONED', 'nobody wants these bytes any more'));
    this.#closeIfDone();
  }

  async #store(chunk: Buffer, at: number): Promise<void> {
    if (this.#failure) throw this.#failure;
    try {
      await this.#storage.write(chunk, at);
    } catch (error) {
      throw new SpoolError('STORAGE', 'the spool cannot be written', { cause: error });
    }
  }

  async #take(at: number, wanted: number): Promise<Buffer> {
    while (at >= this.#filled) await this.#progress();
    const chunk = await this.#storage.read(at, Math.min(wanted, this.#filled - at));
    if (chunk.length === 0) throw new SpoolError('STORAGE', 'the spool is shorter than it was written');
    return chunk;
  }

  /** Waits for more bytes, or throws what broke the fill. */
  async #progress(): Promise<void> {
    if (this.#failure) throw this.#failure;
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #publish(filled: number): void {
    this.#filled = filled;
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  #closeIfDone(): void {
    if (!this.#closing || this.#reads > 0) return;
    this.#reads = Number.NaN;
    // The bytes were served or copied already; a file that cannot be removed is swept at the next start.
    this.#storage.close().catch(() => undefined);
  }
}

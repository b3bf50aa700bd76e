import type { Readable } from 'node:stream';
import type { ByteRange } from '../lib/byte-range.ts';
import { etagOfMd5, type ObjectMeta } from '../lib/object-meta.ts';
import type { Digests } from '../lib/part-digests.ts';
import type { Body, SourceBody } from './body.ts';
import { copyChunkBytes, Spool } from './spool.ts';
import type { SpoolStorage } from './spool-storage.ts';

/** Where a shared body's bytes come from. */
export interface Origin {
  /** `bucket`, or a source's name. */
  readonly tier: string;
  readonly meta: ObjectMeta;
  /** Set where nobody reads it so far: then it is not for the cache. `hurry` is called when somebody does. */
  readonly unread?: { readonly hurry: () => void };
  /** Everything, from the first byte on; called once. */
  bytes(): Readable;
  /** Set for sources only. */
  readonly fromSource?: { readonly mtime: string; readonly private: boolean; readonly partBytes?: number | undefined };
  /** Throws if the object is not the one any more that was opened. */
  verify(): Promise<void>;
  /** A read of its own for bytes far from those that have come in, pinned to the same object. */
  openFar(range: ByteRange): Promise<Readable>;
  /** After the last read. */
  close(): void;
}

/** A fetch under way: what it brings may be kept unless the key was purged meanwhile. */
export interface Ticket {
  barred: boolean;
}

/** What a body tells those who keep it. */
export interface SharedBodyEvents {
  /** Every byte is here and verified. */
  readonly filled: (body: SharedBody) => Promise<void>;
  /** Nobody holds it any more, or it broke. */
  readonly gone: (body: SharedBody) => void;
}

/**
 * One fetch, many readers. It lives as long as somebody holds it, or its fill has a wish of its own (`keepFilling`, for the cache).
 * A slow reader delays nobody; a reader that leaves spoils nothing for the others.
 */
export class SharedBody {
  readonly key: string;
  readonly origin: Origin;
  readonly #spool: Spool;
  readonly #readAheadBytes: number;
  readonly #events: SharedBodyEvents;
  readonly #bytes: Readable;
  readonly #filling: Promise<Digests>;
  readonly #ticket: Ticket;
  #meta: ObjectMeta;
  #holders = 0;
  readonly #forCache: boolean;
  #keepFilling: boolean;
  #unread: boolean;
  #disposed = false;
  #broken = false;
  /** The bytes were offered to a copy already. */
  offered = false;

  constructor(
    key: string,
    origin: Origin,
    storage: SpoolStorage,
    options: { readAheadBytes: number; keepFilling: boolean; ticket: Ticket },
    events: SharedBodyEvents,
  ) {
    this.key = key;
    this.origin = origin;
    this.#meta = origin.meta;
    this.#spool = new Spool(storage, origin.meta.size);
    this.#readAheadBytes = options.readAheadBytes;
    this.#unread = origin.unread !== undefined;
    this.#forCache = options.keepFilling;
    this.#keepFilling = options.keepFilling && !this.#unread;
    this.#ticket = options.ticket;
    this.#events = events;
    this.#bytes = origin.bytes();
    this.#filling = this.#fill();
    // Whoever waits for it gets the error; readers get it from the spool.
    this.#filling.catch(() => undefined);
  }

  get meta(): ObjectMeta {
    return this.#meta;
  }

  /** Not to be joined or stored any more: the key was changed meanwhile, or the fill broke. */
  get barred(): boolean {
    return this.#ticket.barred || this.#broken;
  }

  /** It cannot be held any more. */
  get gone(): boolean {
    return this.#disposed || this.barred;
  }

  /** Nobody came to read it before every byte was here: it is not for the cache. */
  get unread(): boolean {
    return this.#unread;
  }

  /** Keeps it alive for whoever is about to hold it; returns how to let go. */
  keep(): () => void {
    return this.#held();
  }

  /** Holds the body, to read it. */
  hold(): Body {
    this.#readNow();
    return this.#holding();
  }

  #holding(): Body {
    const body = this;
    return {
      get meta() {
        return body.#meta;
      },
      get bytes() {
        return body.#spool.memory;
      },
      open: (range) => body.#open(range),
      release: body.#held(),
    };
  }

  /** Holds the body for a copy; only for one that comes from a source. */
  holdForCopy(): SourceBody {
    const { fromSource, tier } = this.origin;
    if (!fromSource) throw new Error(`${tier} is not a source`);
    const held = this.#holding();
    return {
      meta: this.#meta,
      get bytes() {
        return held.bytes;
      },
      source: tier,
      mtime: fromSource.mtime,
      private: fromSource.private,
      open: (range) => this.#open(range, copyChunkBytes),
      release: held.release,
      whole: () => this.#filling,
    };
  }

  /** From now on it is for those alone who hold it already. */
  bar(): void {
    this.#ticket.barred = true;
    this.#keepFilling = false;
    this.#disposeIfUnwanted();
  }

  /** Resolves with the first byte; rejects with what broke the read before it. */
  started(): Promise<void> {
    return this.#spool.started();
  }

  buffer(): Promise<Buffer> {
    return this.#spool.buffer();
  }

  #readNow(): void {
    if (!this.#unread || this.#spool.whole || this.gone) return;
    this.#unread = false;
    this.#keepFilling = this.#forCache;
    this.origin.unread?.hurry();
  }

  async #open(range: ByteRange = { first: 0, last: this.#meta.size - 1 }, atOnce?: number): Promise<Readable> {
    const far = !this.#spool.whole && range.first > this.#spool.filled + this.#readAheadBytes;
    return far ? await this.origin.openFar(range) : this.#spool.read(range, atOnce);
  }

  #held(): () => void {
    this.#holders += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders -= 1;
      this.#disposeIfUnwanted();
    };
  }

  async #fill(): Promise<Digests> {
    try {
      const { fromSource } = this.origin;
      const digests = await this.#spool.fill(this.#bytes, () => this.origin.verify(), fromSource?.partBytes);
      // The store's own validator stays; a source has none until its content is known (RFC 9110 §8.8.3).
      if (this.#meta.etag === undefined) this.#meta = { ...this.#meta, etag: etagOfMd5(digests.md5) };
      await this.#events.filled(this);
      return digests;
    } catch (error) {
      this.#broken = true;
      this.#events.gone(this);
      throw error;
    } finally {
      this.#keepFilling = false;
      this.#disposeIfUnwanted();
    }
  }

  #disposeIfUnwanted(): void {
    if (this.#disposed || this.#holders > 0 || this.#keepFilling) return;
    this.#disposed = true;
    this.#events.gone(this);
    this.#bytes.destroy();
    this.#spool.close();
    this.origin.close();
  }
}

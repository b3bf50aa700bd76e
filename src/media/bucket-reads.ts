import type { Readable } from 'node:stream';
import type { Bucket, BucketRead, RangeHint, Unavailable } from '../bucket/bucket.ts';
import { type ByteRange, rangeLength } from '../lib/byte-range.ts';
import type { ObjectMeta } from '../lib/object-meta.ts';
import type { Bodies } from './bodies.ts';
import type { Body } from './body.ts';
import { FlightGroup } from './flight-group.ts';
import type { Origin, SharedBody } from './shared-body.ts';

export type AboveBody =
  | { readonly kind: 'shared'; readonly body: SharedBody }
  | { readonly kind: 'alone'; readonly body: Body }
  | { readonly kind: 'missing' }
  | { readonly kind: 'private' }
  | Unavailable;

/** The object changed in the bucket between two requests of one read. */
export class BucketChangedError extends Error {
  override readonly name = 'BucketChangedError';
  readonly code = 'BUCKET_CHANGED';
}

/** Reads from the bucket: whole objects once for everybody, ranges each by itself. */
export class BucketReads {
  readonly #bucket: Bucket;
  readonly #bodies: Bodies;
  readonly #flights = new FlightGroup<AboveBody>();

  constructor(bucket: Bucket, bodies: Bodies) {
    this.#bucket = bucket;
    this.#bodies = bodies;
  }

  async read(
    key: string,
    hint: RangeHint | undefined,
    signal: AbortSignal,
  ): Promise<AboveBody & { collapsed?: boolean }> {
    if (hint) return await this.#part(key, hint, signal);
    const hold = (result: AboveBody) => (result.kind === 'shared' ? result.body.hold().release : undefined);
    const { value, leader } = await this.#flights.join(key, () => this.#whole(key), hold);
    if (value.kind === 'alone' && !leader) return await this.#whole(key);
    return leader ? value : { ...value, collapsed: true };
  }

  /** The key was changed: nobody joins what is under way. */
  part(key: string): void {
    this.#flights.part(key);
  }

  #whole(key: string): Promise<AboveBody> {
    // One reader's leaving must not end what others wait for; the bucket's own time-outs bound it.
    const abort = new AbortController();
    return this.#bodies.fetching(key, async (ticket) => {
      const answer = await this.#bucket.get(key, undefined, abort.signal);
      if (answer.kind === 'unsatisfiable') throw new Error('a whole object cannot be unsatisfiable');
      if (answer.kind !== 'found') return answer;
      const body = this.#bodies.begin(key, this.#originOf(key, answer), ticket);
      if (body) this.#bodies.share(body);
      return body ? { kind: 'shared', body } : { kind: 'alone', body: this.#aloneBody(key, answer) };
    });
  }

  async #part(key: string, hint: RangeHint, signal: AbortSignal): Promise<AboveBody> {
    const answer = await this.#bucket.get(key, hint, signal);
    if (answer.kind === 'unsatisfiable') return { kind: 'alone', body: this.#aloneBody(key, { meta: answer.meta }) };
    if (answer.kind !== 'found') return answer;
    return { kind: 'alone', body: this.#aloneBody(key, answer) };
  }

  #originOf(key: string, answer: Extract<BucketRead, { kind: 'found' }>): Origin {
    return {
      tier: 'bucket',
      meta: answer.meta,
      bytes: () => answer.bytes,
      verify: async () => undefined,
      openFar: (range) => this.#pinned(key, answer.meta, range),
      close: () => undefined,
    };
  }

  /** A body that serves the bytes that are coming in anyway, and asks again for any others. */
  #aloneBody(key: string, answer: { meta: ObjectMeta; range?: ByteRange; bytes?: Readable }): Body {
    const { meta } = answer;
    const held = answer.range ?? { first: 0, last: meta.size - 1 };
    let unused = answer.bytes;
    // An error before anybody reads is told by the stream to whoever opens it.
    unused?.on('error', () => undefined);
    return {
      meta,
      bytes: undefined,
      open: async (range = { first: 0, last: meta.size - 1 }) => {
        const bytes = unused;
        unused = undefined;
        if (bytes && range.first === held.first && rangeLength(range) === rangeLength(held)) return bytes;
        bytes?.destroy();
        return await this.#pinned(key, meta, range);
      },
      release: () => {
        unused?.destroy();
      },
    };
  }

  /** Bytes of the very object whose facts were told already, or an error. */
  async #pinned(key: string, meta: ObjectMeta, range: ByteRange): Promise<Readable> {
    const answer = await this.#bucket.get(key, range, new AbortController().signal);
    if (answer.kind !== 'found')
      throw new BucketChangedError(`the bucket said "${answer.kind}" in the middle of a read`);
    const { range: got = { first: 0, last: answer.meta.size - 1 } } = answer;
    const same =
      answer.meta.etag === meta.etag && answer.meta.size === meta.size && answer.meta.mtimeMs === meta.mtimeMs;
    if (!same || got.first !== range.first || got.last !== range.last) {
      answer.bytes.destroy();
      throw new BucketChangedError('the object was replaced in the middle of a read');
    }
    return answer.bytes;
  }
}

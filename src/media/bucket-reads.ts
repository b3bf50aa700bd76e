import type { Readable } from 'node:stream';
import { type Bucket, type BucketRead, type RangeHint, type Unavailable, unavailable } from '../bucket/bucket.ts';
import { type ByteRange, rangeLength } from '../lib/byte-range.ts';
import type { ObjectMeta } from '../lib/object-meta.ts';
import { within } from '../lib/within.ts';
import type { Bodies } from './bodies.ts';
import type { Body } from './body.ts';
import { FlightGroup } from './flight-group.ts';
import type { Pipes } from './pipes.ts';
import type { Origin, SharedBody, Ticket } from './shared-body.ts';

/** Nobody's leaving ends it. */
const never = new AbortController().signal;

export type AboveBody =
  | { readonly kind: 'shared'; readonly body: SharedBody }
  | { readonly kind: 'alone'; readonly body: Body }
  | { readonly kind: 'missing' }
  | { readonly kind: 'private' }
  | Unavailable;

/** A later request of one read was not answered with the same object. */
export class BucketReadError extends Error {
  override readonly name = 'BucketReadError';
  readonly code = 'BUCKET_READ';
}

/** Reads from the bucket: whole objects once for everybody, ranges each by itself. */
export class BucketReads {
  readonly #bucket: Bucket;
  readonly #bodies: Bodies;
  readonly #pipes: Pipes;
  readonly #firstByteMs: number;
  readonly #flights = new FlightGroup<AboveBody>();

  constructor(options: { bucket: Bucket; bodies: Bodies; pipes: Pipes; firstByteMs: number }) {
    this.#bucket = options.bucket;
    this.#bodies = options.bodies;
    this.#pipes = options.pipes;
    this.#firstByteMs = options.firstByteMs;
  }

  /** `ticket`: the read's, begun before the mark was read. */
  async read(
    key: string,
    hint: RangeHint | undefined,
    ticket: Ticket,
    signal: AbortSignal,
  ): Promise<AboveBody & { collapsed?: boolean }> {
    if (hint) return await this.#part(key, hint, signal);
    const hold = (result: AboveBody) => (result.kind === 'shared' ? result.body.hold().release : undefined);
    const { value, leader } = await this.#flights.join(key, () => this.#whole(key, ticket), hold);
    if (value.kind === 'alone' && !leader) return await this.#whole(key, ticket);
    return leader ? value : { ...value, collapsed: true };
  }

  /** The key was changed: nobody joins what is under way. */
  part(key: string): void {
    this.#flights.part(key);
  }

  async #whole(key: string, ticket: Ticket): Promise<AboveBody> {
    // One reader's leaving must not end what others wait for; the bucket's own time-outs bound it.
    const answer = await this.#bucket.get(key, undefined, never);
    if (answer.kind === 'unsatisfiable') throw new Error('a whole object cannot be unsatisfiable');
    if (answer.kind !== 'found') return answer;
    const body = this.#bodies.begin(key, this.#originOf(key, answer), ticket);
    if (!body) return this.#alone(key, answer);
    const { release } = body.hold();
    try {
      // A store that breaks off or hangs before the first byte has not delivered: the sources may.
      if (!(await within(body.started(), this.#firstByteMs))) return unavailable('timeout');
    } catch (error) {
      // Our own disk is full or broken: the bucket's bytes need not pass over it.
      if ((error as { code?: string }).code === 'STORAGE') return await this.#unspooled(key);
      return unavailable('server-error', error);
    } finally {
      // Whoever waits for this body holds it by then.
      setImmediate(release);
    }
    this.#bodies.share(body);
    return { kind: 'shared', body };
  }

  async #unspooled(key: string): Promise<AboveBody> {
    const answer = await this.#bucket.get(key, undefined, never);
    if (answer.kind === 'unsatisfiable') throw new Error('a whole object cannot be unsatisfiable');
    return answer.kind === 'found' ? this.#alone(key, answer) : answer;
  }

  async #part(key: string, hint: RangeHint, signal: AbortSignal): Promise<AboveBody> {
    const answer = await this.#bucket.get(key, hint, signal);
    if (answer.kind === 'unsatisfiable') return this.#alone(key, { meta: answer.meta });
    return answer.kind === 'found' ? this.#alone(key, answer) : answer;
  }

  #alone(key: string, { meta, range, bytes }: { meta: ObjectMeta; range?: ByteRange; bytes?: Readable }): AboveBody {
    const held = range ?? { first: 0, last: meta.size - 1 };
    const taken = bytes && this.#pipes.take(bytes, rangeLength(held));
    if (bytes && !taken) return unavailable('busy');
    return { kind: 'alone', body: this.#aloneBody(key, meta, held, taken) };
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
  #aloneBody(key: string, meta: ObjectMeta, held: ByteRange, bytes: Readable | undefined): Body {
    let unused = bytes;
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
    const answer = await this.#bucket.get(key, range, never);
    if (answer.kind !== 'found') throw new BucketReadError(`the bucket said "${answer.kind}" in the middle of a read`);
    const { range: got = { first: 0, last: answer.meta.size - 1 } } = answer;
    const same =
      answer.meta.etag === meta.etag && answer.meta.size === meta.size && answer.meta.mtimeMs === meta.mtimeMs;
    if (!same || got.first !== range.first || got.last !== range.last) {
      answer.bytes.destroy();
      throw new BucketReadError('the object was replaced in the middle of a read');
    }
    const bytes = this.#pipes.take(answer.bytes, rangeLength(range));
    if (!bytes) throw new BucketReadError('too many readers are being served from the bucket');
    return bytes;
  }
}

import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { FailedFile, Lane } from '../ledger/ledger.ts';
import { errorDetail } from '../lib/error-detail.ts';
import { type Source, type SourceAnswer, type SourceObject, SourceReadError, type Wanted } from '../sources/source.ts';
import type { Bodies } from './bodies.ts';
import type { Body, NotHad, SourceBody } from './body.ts';
import { FlightGroup } from './flight-group.ts';
import type { Origin, SharedBody, Ticket } from './shared-body.ts';
import { toldReads } from './told-reads.ts';
import { unkeptBody } from './unkept-body.ts';

/** What the sources, asked in order, said. */
export type Below =
  | { readonly kind: 'found'; readonly object: SourceObject; readonly source: string }
  | { readonly kind: 'missing' }
  /** It is there, not for the public, and not to be read by us. */
  | { readonly kind: 'private'; readonly source: string }
  /** None that could be asked has it, and one could not be asked, or holds a damaged one: `by` these. */
  | ({ readonly kind: 'unavailable'; readonly damaged: boolean; readonly by: readonly string[] } & Failure);

/** What could not be done, for people, and what was seen of the object. */
type Failure = Pick<NotHad, 'detail' | 'failed'>;

export type BelowBody =
  | { readonly kind: 'shared'; readonly body: SharedBody }
  /** Too large to share, or no room: a body for the caller alone. */
  | {
      readonly kind: 'alone';
      readonly body: Body;
      readonly object: SourceObject;
      readonly source: string;
      /** The read of the whole that has begun, or a new one. Instead of the body's `open`. */
      readonly read: () => Readable;
    }
  | Exclude<Below, { kind: 'found' }>;

export interface SourceReadsOptions {
  readonly sources: readonly Source[];
  /** Whether a source is asked at all; one that is retired is not. Left out: all are. */
  readonly inUse?: (source: string) => boolean;
  readonly bodies: Bodies;
  /** Whether somebody wants all of an object of this size: the copy or the cache. */
  readonly wantsWhole: (size: number) => boolean;
  /** How large the parts are in which an object of this size is copied; undefined: it is copied whole. */
  readonly partBytesOf: (size: number) => number | undefined;
  /** Told of what a source could not do. */
  readonly troubled: (source: string, answer: SourceAnswer, key: string) => void;
}

/** Reads from the old places: each object once for everybody who wants it. */
export class SourceReads {
  readonly #options: SourceReadsOptions;
  readonly #flights = new FlightGroup<BelowBody>();
  /** Those that wait for readers, and for which no reader waits. */
  readonly #behind = new FlightGroup<BelowBody>();
  /** What broke reads, and was told already. */
  readonly #told = new WeakSet<object>();

  constructor(options: SourceReadsOptions) {
    this.#options = options;
  }

  /** Asks the sources in order, for facts. The caller closes the object. */
  find(key: string, signal: AbortSignal): Promise<Below> {
    return this.#search(key, 'facts', signal, async (object, { name }) => ({ kind: 'found', object, source: name }));
  }

  /**
   * The object as a body: joined where somebody reads it from a source already, begun otherwise. `ticket`: as for `Bodies.begin`.
   * `bytes-behind`: nobody waits for it.
   */
  async read(key: string, ticket: Ticket, wanted: 'bytes' | 'bytes-behind' = 'bytes'): Promise<BelowBody> {
    const open = this.#options.bodies.find(key);
    if (open?.origin.fromSource) return { kind: 'shared', body: open };
    const hold = (result: BelowBody) => (result.kind === 'shared' ? result.body.keep() : undefined);
    const begin = () => this.#begin(key, ticket, wanted);
    const flights = wanted === 'bytes-behind' && !this.#flights.has(key) ? this.#behind : this.#flights;
    const { value, leader } = await flights.join(key, begin, hold);
    return value.kind === 'alone' && !leader ? await begin() : value;
  }

  /** The object for a copy: whole, and shared with whoever reads it meanwhile; or why it cannot be had. The backfill's come behind readers. */
  async forCopy(key: string, lane: Lane = 'asked-for'): Promise<SourceBody | NotHad> {
    const wanted = lane === 'backfill' ? 'bytes-behind' : 'bytes';
    return await this.#options.bodies.fetching(key, async (ticket) =>
      this.#forCopy(key, await this.read(key, ticket, wanted), ticket, wanted),
    );
  }

  #forCopy(key: string, answer: BelowBody, ticket: Ticket, wanted: Wanted): SourceBody | NotHad {
    switch (answer.kind) {
      case 'shared':
        return answer.body.holdForCopy();
      case 'alone': {
        if (!this.#options.wantsWhole(answer.object.meta.size)) return this.#largeBody(key, answer, ticket, wanted);
        answer.body.release();
        const { object, source } = answer;
        return { reason: 'no-spool-room', detail: `${object.meta.size} bytes`, failed: factsOf(object, source) };
      }
      case 'missing':
        return { reason: 'gone-below' };
      case 'private':
        return { reason: 'unreadable', detail: `${answer.source}: closed to group and others, and to this program` };
      case 'unavailable': {
        const { damaged, detail, failed } = answer;
        return { reason: damaged ? 'damaged' : 'source-unavailable', detail, failed };
      }
    }
  }

  /** What is too large to be kept because of one reader: kept for the copy alone where there is room, else read again for its upload. */
  #largeBody(key: string, alone: Extract<BelowBody, { kind: 'alone' }>, ticket: Ticket, wanted: Wanted): SourceBody {
    const { object, source, read, body } = alone;
    const origin = this.#originOf(object, source, wanted);
    const kept = this.#options.bodies.begin(key, { ...origin, bytes: read }, ticket);
    const partBytes = origin.fromSource?.partBytes;
    return kept?.holdForCopy() ?? unkeptBody({ object, source, partBytes, read, release: body.release });
  }

  /** The key was changed: nobody joins what is under way. */
  part(key: string): void {
    this.#flights.part(key);
    this.#behind.part(key);
  }

  #begin(key: string, ticket: Ticket, wanted: 'bytes' | 'bytes-behind'): Promise<BelowBody> {
    // One reader's leaving must not end what others wait for; the source's own deadline bounds it.
    return this.#search<BelowBody>(key, wanted, new AbortController().signal, async (object, source, last) => {
      const open = wanted === 'bytes-behind' ? this.#options.bodies.find(key) : undefined;
      // A reader was quicker.
      if (open?.origin.fromSource) {
        object.close();
        setImmediate(open.keep());
        return { kind: 'shared', body: open };
      }
      const shared = await this.#share(key, this.#originOf(object, source.name, wanted), ticket);
      if (typeof shared === 'object') return { kind: 'shared', body: shared };
      const own = shared === 'no-storage' ? this.#telling(await reopened(key, source), source.name, key) : object;
      // Where another source might do better, nobody is told that it is here before its first byte is.
      const begun = last || own.meta.size === 0 ? undefined : await begunRead(own);
      return { kind: 'alone', object: own, source: source.name, ...aloneBody(own, begun) };
    });
  }

  /**
   * `alone`: nobody wants all of it, or there is no room. `no-storage`: our own disk cannot keep it, and the object is closed. Throws when
   * not even its first byte can be read.
   */
  async #share(key: string, origin: Origin, ticket: Ticket): Promise<SharedBody | 'alone' | 'no-storage'> {
    const { bodies, wantsWhole } = this.#options;
    const body = wantsWhole(origin.meta.size) ? bodies.begin(key, origin, ticket) : undefined;
    if (!body) return 'alone';
    const letGo = body.keep();
    try {
      await body.started();
      bodies.share(body);
    } catch (error) {
      // Our own disk is full or broken: the source's bytes need not pass over it.
      if ((error as { code?: string }).code === 'STORAGE') return 'no-storage';
      throw error;
    } finally {
      // Whoever waits for this body holds it by then.
      setImmediate(letGo);
    }
    return body;
  }

  #originOf(object: SourceObject, source: string, wanted: Wanted): Origin {
    const { meta, mtime } = object;
    return {
      tier: source,
      meta,
      ...(wanted === 'bytes-behind' && { unread: { hurry: () => object.hurry?.() } }),
      bytes: () => object.read(),
      fromSource: { mtime, private: object.private, partBytes: this.#options.partBytesOf(meta.size) },
      verify: async () => {
        if (!(await object.unchanged()))
          throw new SourceReadError('CHANGED', `${source}: the file changed while it was read`);
      },
      openFar: async (range) => object.read(range),
      close: () => object.close(),
    };
  }

  #telling(object: SourceObject, source: string, key: string): SourceObject {
    return toldReads(object, (error) => {
      this.#told.add(error);
      this.#options.troubled(source, brokenRead(error), key);
    });
  }

  /** The first source that has it, and from which `use` can read it. */
  async #search<T>(
    key: string,
    wanted: Wanted,
    signal: AbortSignal,
    use: (object: SourceObject, source: Source, last: boolean) => Promise<T>,
  ): Promise<T | Exclude<Below, { kind: 'found' }>> {
    const by: string[] = [];
    let damaged = false;
    const troubles: string[] = [];
    let failed: FailedFile | undefined;
    const { inUse = () => true } = this.#options;
    const sources = this.#options.sources.filter(({ name }) => inUse(name));
    for (const source of sources) {
      let answer = await source.open(key, signal, wanted);
      let broken: Error | undefined;
      if (answer.kind === 'found') {
        const object = this.#telling(answer.object, source.name, key);
        try {
          return await use(object, source, source === sources.at(-1));
        } catch (error) {
          failed ??= factsOf(object, source.name);
          object.close();
          broken = error as Error;
          answer = brokenRead(error);
        }
      }
      if (answer.kind === 'private') return { kind: 'private', source: source.name };
      if (answer.kind === 'missing') continue;
      if (!broken || !this.#told.has(broken)) this.#options.troubled(source.name, answer, key);
      by.push(source.name);
      if (answer.kind === 'damaged') damaged = true;
      troubles.push(failed?.source === source.name ? troubleIn(answer) : `${source.name}: ${troubleIn(answer)}`);
    }
    if (by.length === 0) return { kind: 'missing' };
    return { kind: 'unavailable', damaged, by, detail: troubles.join('; '), failed };
  }
}

async function reopened(key: string, source: Source): Promise<SourceObject> {
  const answer = await source.open(key, new AbortController().signal);
  if (answer.kind !== 'found')
    throw new SourceReadError('CHANGED', `${source.name}: "${answer.kind}" when it was opened again`);
  return answer.object;
}

function factsOf({ meta, mtime }: SourceObject, source: string): FailedFile {
  return { source, size: meta.size, mtime };
}

function troubleIn(answer: Extract<SourceAnswer, { kind: 'damaged' | 'unavailable' }>): string {
  const detail = errorDetail(answer.cause);
  if (answer.kind === 'damaged') return detail ?? 'EIO';
  return detail === undefined ? answer.trouble : `${answer.trouble}: ${detail}`;
}

/** A read of the whole that has given its first byte. Lets go of the object when there is none. */
async function begunRead(object: SourceObject): Promise<Readable> {
  const bytes = object.read();
  try {
    await once(bytes, 'readable');
  } catch (error) {
    object.close();
    throw error;
  }
  // An error before anybody reads is told by the stream to whoever opens it.
  return bytes.on('error', () => undefined);
}

/** An object that was there, and gave not one byte. */
function brokenRead(error: unknown): Extract<SourceAnswer, { kind: 'damaged' | 'unavailable' }> {
  const { code } = error as { code?: string };
  if (code === 'EIO') return { kind: 'damaged', cause: error };
  const trouble = code === 'TIMEOUT' ? 'timeout' : code === 'BUSY' ? 'busy' : 'io';
  return { kind: 'unavailable', trouble, cause: error };
}

/** A plain piped read. `begun`: one of the whole that is under way; whoever wants another part asks anew. */
function aloneBody(object: SourceObject, begun: Readable | undefined): { body: Body; read: () => Readable } {
  let unused = begun;
  const read = (): Readable => {
    const bytes = unused ?? object.read();
    unused = undefined;
    return bytes;
  };
  const body: Body = {
    meta: object.meta,
    bytes: undefined,
    open: async (range) => {
      const all = range === undefined || (range.first === 0 && range.last === object.meta.size - 1);
      if (all) return read();
      unused?.destroy();
      unused = undefined;
      return object.read(range);
    },
    release: () => {
      unused?.destroy();
      object.close();
    },
  };
  return { body, read };
}

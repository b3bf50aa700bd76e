import type { EdgeCache } from '../cache/edge-cache.ts';
import type { Marks } from '../marks/marks.ts';
import { type Origin, SharedBody, type Ticket } from './shared-body.ts';
import type { SpoolRoom } from './spool-room.ts';

/** The bodies that can be joined, by key, and what becomes of them when they are whole. */
export class Bodies {
  readonly #room: SpoolRoom;
  readonly #cache: EdgeCache;
  readonly #marks: Pick<Marks, 'get'>;
  readonly #now: () => number;
  readonly #readAheadBytes: number;
  readonly #open = new Map<string, SharedBody>();
  /** All that are alive, also those that nobody joins: a purge reaches each. */
  readonly #alive = new Map<string, Set<SharedBody>>();
  readonly #tickets = new Map<string, Set<Ticket>>();

  constructor(options: {
    room: SpoolRoom;
    cache: EdgeCache;
    marks: Pick<Marks, 'get'>;
    now: () => number;
    readAheadBytes: number;
  }) {
    this.#room = options.room;
    this.#cache = options.cache;
    this.#marks = options.marks;
    this.#now = options.now;
    this.#readAheadBytes = options.readAheadBytes;
  }

  /** A body of this key that is held by somebody now. Hold it before the next await. */
  find(key: string): SharedBody | undefined {
    return this.#open.get(key);
  }

  /** Whether an object would be kept in the edge cache. */
  cacheable(origin: Origin): boolean {
    return origin.meta.size <= this.#cache.maxObjectBytes && !origin.fromSource?.private;
  }

  /** Runs a fetch of `key` with a ticket for `begin`. */
  async fetching<T>(key: string, fetch: (ticket: Ticket) => Promise<T>): Promise<T> {
    const ticket: Ticket = { barred: false };
    const tickets = this.#tickets.get(key) ?? new Set();
    this.#tickets.set(key, tickets.add(ticket));
    try {
      return await fetch(ticket);
    } finally {
      tickets.delete(ticket);
      if (tickets.size === 0 && this.#tickets.get(key) === tickets) this.#tickets.delete(key);
    }
  }

  /**
   * Starts to fill a body from its origin; nobody joins it before `share`. Undefined: there is no room; the origin is untouched. Hold it
   * before the next await.
   */
  begin(key: string, origin: Origin, ticket: Ticket): SharedBody | undefined {
    const storage = this.#room.reserve(origin.meta.size);
    if (!storage) return undefined;
    const options = { readAheadBytes: this.#readAheadBytes, keepFilling: this.cacheable(origin), ticket };
    const body = new SharedBody(key, origin, storage, options, {
      filled: (filled) => this.#store(filled),
      gone: (gone) => this.#forget(gone),
    });
    this.#alive.set(key, (this.#alive.get(key) ?? new Set()).add(body));
    return body;
  }

  /** Lets others join it, unless the key was purged meanwhile, or the body broke. */
  share(body: SharedBody): void {
    if (!body.gone) this.#open.set(body.key, body);
  }

  /** The key was changed: what is cached goes, and what is under way is neither joined nor stored. */
  purge(key: string): void {
    this.#cache.delete(key);
    for (const ticket of this.#tickets.get(key) ?? []) ticket.barred = true;
    this.#tickets.delete(key);
    this.#open.delete(key);
    for (const body of this.#alive.get(key) ?? []) body.bar();
  }

  async #store(body: SharedBody): Promise<void> {
    if (body.barred || body.unread || !this.cacheable(body.origin)) return;
    // The cache is asked before the mark. What the owner or a copy reads of a hidden key is not for it.
    const { shown } = await this.#marks.get(body.key);
    if (shown === 'private' || shown === 'gone') return;
    const bytes = await body.buffer();
    if (!body.barred) this.#cache.set(body.key, { meta: body.meta, bytes, storedAtMs: this.#now() });
  }

  #forget(body: SharedBody): void {
    if (this.#open.get(body.key) === body) this.#open.delete(body.key);
    const alive = this.#alive.get(body.key);
    alive?.delete(body);
    if (alive?.size === 0) this.#alive.delete(body.key);
  }
}

import type { Bucket, BucketTrouble, RangeHint } from '../bucket/bucket.ts';
import type { EdgeCache } from '../cache/edge-cache.ts';
import type { CopyRequests } from '../copy/copy-requests.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ObjectMeta } from '../lib/object-meta.ts';
import type { Mark, Marks } from '../marks/marks.ts';
import type { Bodies } from './bodies.ts';
import type { Body } from './body.ts';
import type { AboveBody, BucketReads } from './bucket-reads.ts';
import { bufferBody, factsBody } from './plain-bodies.ts';
import { isPrivate } from './private-prefix.ts';
import type { SharedBody, Ticket } from './shared-body.ts';
import type { SourceReads } from './source-reads.ts';

/** What is asked of a key. `head`: only its facts. `hint`: only a part of it. */
export interface Want {
  readonly head: boolean;
  readonly hint: RangeHint | undefined;
}

/** `landed`, of `findBelow` only: not below any more, but in the bucket since it was asked. */
export type AbsenceReason = 'private-prefix' | 'marked' | 'private' | 'closed' | 'vanished' | 'missing' | 'landed';

export interface Found {
  readonly kind: 'found';
  /** `cache`, `bucket`, or a source's name. */
  readonly tier: string;
  /** To be released when its streams have closed. */
  readonly body: Body;
  /** Joined a fetch that somebody else had begun. */
  readonly collapsed: boolean;
  /** Kept, or going to be kept, in the edge cache. */
  readonly stored: boolean;
  readonly ageMs?: number;
  readonly ttlMs?: number;
}

export type Answer =
  | Found
  | { readonly kind: 'absent'; readonly why: AbsenceReason }
  | { readonly kind: 'unavailable'; readonly bucket: BucketTrouble | undefined };

/** The bucket has it, and it is public: readers fetch it there. */
export interface Redirect {
  readonly kind: 'redirect';
  /** An absolute URL. */
  readonly location: string;
}

/** What the sources are asked. `owner`: who asks may have what is not for the public. */
interface BelowRead {
  readonly key: string;
  readonly want: Want;
  readonly mark: Mark;
  /** Why the bucket could not be asked; undefined: it does not have it. */
  readonly trouble: BucketTrouble | undefined;
  readonly ticket: Ticket;
  readonly owner: boolean;
}

type Above = Found | Redirect | Exclude<AboveBody, { kind: 'shared' | 'alone' }>;

export interface ReadThroughOptions {
  readonly privatePrefixes: readonly string[];
  readonly cache: EdgeCache;
  readonly marks: Marks;
  readonly bodies: Bodies;
  readonly bucketReads: BucketReads;
  /** The same bucket, for facts, and for what it remembers. */
  readonly bucket: Pick<Bucket, 'head'> & { forget(key: string): void };
  /** Where readers are sent for what the bucket shows the public, which is not fetched then; left out: they get it from here. */
  readonly publicUrlOf?: (key: string) => string;
  readonly sourceReads: SourceReads;
  readonly ledger: Pick<Ledger, 'status'>;
  readonly copies: CopyRequests;
  /** False until the state is bound to a bucket: what was deleted before is not known to a new one. */
  readonly sourcesAllowed: () => boolean;
  readonly now: () => number;
  readonly bucketTroubled: (trouble: BucketTrouble, cause: unknown) => void;
  readonly vanished: (key: string) => void;
}

/**
 * Where a read is decided: private prefixes, edge cache, mark, bucket, sources, in this order. One tier's failure is never the
 * answer while another can deliver (I1); a mark outranks every tier but none is asked for what it hides (I3).
 */
export class ReadThrough {
  readonly #options: ReadThroughOptions;

  constructor(options: ReadThroughOptions) {
    this.#options = options;
  }

  /** Throws only the caller's own abort. */
  async find(key: string, want: Want, signal: AbortSignal): Promise<Answer | Redirect> {
    if (isPrivate(key, this.#options.privatePrefixes)) return { kind: 'absent', why: 'private-prefix' };
    const cached = this.#fromCache(key);
    if (cached) return cached;
    // Whatever is decided about the key from here on keeps what this read brings out of the cache.
    return await this.#options.bodies.fetching(key, (ticket) => this.#find(key, want, ticket, signal));
  }

  /**
   * For the owner, who was told by the bucket that it does not have the key, or could not ask it (`trouble`): what a source has, also what is
   * not for the public. Throws only the caller's own abort.
   */
  async findBelow(key: string, want: Want, trouble: BucketTrouble | undefined, signal: AbortSignal): Promise<Answer> {
    return await this.#options.bodies.fetching(key, async (ticket) => {
      const mark = await this.#options.marks.get(key);
      if (mark.shown === 'gone') return { kind: 'absent', why: 'marked' };
      if (!trouble && (await this.#options.ledger.status(key))?.status === 'copied') {
        // The copy may have landed since the bucket was asked.
        this.#options.bucket.forget(key);
        const again = await this.#options.bucket.head(key, signal);
        return again.kind === 'missing' ? this.#lost(key) : { kind: 'absent', why: 'landed' };
      }
      return await this.#below({ key, want, mark, trouble, ticket, owner: true }, signal);
    });
  }

  async #find(key: string, want: Want, ticket: Ticket, signal: AbortSignal): Promise<Answer | Redirect> {
    const mark = await this.#options.marks.get(key);
    if (mark.shown === 'private' || mark.shown === 'gone') return { kind: 'absent', why: 'marked' };
    const joined = this.#join(key, mark);
    if (joined) return joined;

    const above = await this.#above(key, want, ticket, signal);
    const reading = { key, want, mark, ticket, owner: false };
    switch (above.kind) {
      case 'found':
      case 'redirect':
        return above;
      case 'private':
        return { kind: 'absent', why: 'private' };
      case 'vanished':
        return this.#lost(key);
      case 'missing':
        return await this.#below({ ...reading, trouble: undefined }, signal);
      case 'unavailable':
        this.#options.bucketTroubled(above.trouble, above.cause);
        return await this.#below({ ...reading, trouble: above.trouble }, signal);
    }
  }

  /** The key was changed: nothing of before is served, joined or stored any more. */
  purge(key: string): void {
    this.#options.bodies.purge(key);
    this.#options.bucketReads.part(key);
    this.#options.sourceReads.part(key);
    this.#options.bucket.forget(key);
  }

  #fromCache(key: string): Answer | undefined {
    const { cache, now } = this.#options;
    const cached = cache.get(key);
    if (!cached) return undefined;
    const body = bufferBody(cached.meta, cached.bytes);
    const ageMs = now() - cached.storedAtMs;
    return { kind: 'found', tier: 'cache', body, collapsed: false, stored: true, ageMs, ttlMs: cache.ttlLeftMs(key) };
  }

  #join(key: string, mark: Mark): Answer | undefined {
    const open = this.#options.bodies.find(key);
    if (!open) return undefined;
    // A source's bytes are joined only by who might have them from there.
    if (open.origin.fromSource && (mark.below === 'closed' || !this.#options.sourcesAllowed())) return undefined;
    if (!open.origin.fromSource) return this.#shared(open, true);
    return this.#fromSource(key, open, { collapsed: true, mayHave: mark.shown === 'public' });
  }

  #lost(key: string): Answer {
    this.#options.vanished(key);
    return { kind: 'absent', why: 'vanished' };
  }

  async #above(key: string, want: Want, ticket: Ticket, signal: AbortSignal) {
    const answer = await this.#askBucket(key, want, ticket, signal);
    if (answer.kind !== 'missing') return answer;
    // The copy may have landed since the bucket was asked; only an absence that it confirms again is believed.
    if ((await this.#options.ledger.status(key))?.status !== 'copied') return answer;
    this.#options.bucket.forget(key);
    const again = await this.#askBucket(key, want, ticket, signal);
    return again.kind === 'missing' ? ({ kind: 'vanished' } as const) : again;
  }

  async #askBucket(key: string, want: Want, ticket: Ticket, signal: AbortSignal): Promise<Above> {
    const { bucket, bucketReads, publicUrlOf } = this.#options;
    if (want.head || publicUrlOf) {
      const head = await bucket.head(key, signal);
      if (head.kind !== 'found') return head;
      return publicUrlOf ? { kind: 'redirect', location: publicUrlOf(key) } : foundFacts('bucket', head.meta);
    }
    const answer = await bucketReads.read(key, want.hint, ticket, signal);
    if (answer.kind === 'shared') return this.#shared(answer.body, answer.collapsed ?? false);
    if (answer.kind === 'alone')
      return { kind: 'found', tier: 'bucket', body: answer.body, collapsed: false, stored: false };
    return answer;
  }

  async #below({ key, want, mark, trouble, ticket, owner }: BelowRead, signal: AbortSignal): Promise<Answer> {
    const { sourceReads, copies, sourcesAllowed } = this.#options;
    const unavailable: Answer = { kind: 'unavailable', bucket: trouble };
    // What only the bucket may answer for is not absent while the bucket cannot be asked (I8).
    if (mark.below === 'closed') return trouble ? unavailable : { kind: 'absent', why: 'closed' };
    if (!sourcesAllowed()) return unavailable;

    const mayHave = owner || mark.shown === 'public';
    const answer = want.head ? await sourceReads.find(key, signal) : await sourceReads.read(key, ticket);
    switch (answer.kind) {
      case 'shared':
        return this.#fromSource(key, answer.body, { collapsed: false, mayHave });
      case 'alone':
      case 'found': {
        const body = answer.kind === 'alone' ? answer.body : factsBody(answer.object.meta);
        if (answer.kind === 'found') answer.object.close();
        copies.request(key);
        if (!answer.object.private || mayHave)
          return { kind: 'found', tier: answer.source, body, collapsed: false, stored: false };
        body.release();
        return { kind: 'absent', why: 'private' };
      }
      case 'private':
        copies.request(key);
        return { kind: 'absent', why: 'private' };
      case 'missing':
        return trouble ? unavailable : { kind: 'absent', why: 'missing' };
      case 'unavailable':
        if (answer.damaged) copies.request(key);
        return unavailable;
    }
  }

  /** `mayHave`: even if it is not for the public. */
  #fromSource(key: string, body: SharedBody, { collapsed, mayHave }: { collapsed: boolean; mayHave: boolean }): Answer {
    const offer = !body.offered && !body.barred;
    body.offered = true;
    this.#options.copies.request(key, offer ? body.holdForCopy() : undefined);
    if (body.origin.fromSource?.private && !mayHave) return { kind: 'absent', why: 'private' };
    return this.#shared(body, collapsed);
  }

  #shared(body: SharedBody, collapsed: boolean): Found {
    const held = body.hold();
    const stored = !body.barred && !body.unread && this.#options.bodies.cacheable(body.origin);
    return { kind: 'found', tier: body.origin.tier, body: held, collapsed, stored };
  }
}

function foundFacts(tier: string, meta: ObjectMeta): Found {
  return { kind: 'found', tier, body: factsBody(meta), collapsed: false, stored: false };
}

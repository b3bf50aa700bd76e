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
import type { SharedBody } from './shared-body.ts';
import type { SourceReads } from './source-reads.ts';

/** What is asked of a key. `head`: only its facts. `hint`: only a part of it. */
export interface Want {
  readonly head: boolean;
  readonly hint: RangeHint | undefined;
}

export type AbsenceReason = 'private-prefix' | 'marked' | 'private' | 'closed' | 'vanished' | 'missing';

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

type Above = Found | Exclude<AboveBody, { kind: 'shared' | 'alone' }>;

export interface ReadThroughOptions {
  readonly privatePrefixes: readonly string[];
  readonly cache: EdgeCache;
  readonly marks: Marks;
  readonly bodies: Bodies;
  readonly bucketReads: BucketReads;
  /** The same bucket, for facts, and for what it remembers. */
  readonly bucket: Pick<Bucket, 'head'> & { forget(key: string): void };
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
  async find(key: string, want: Want, signal: AbortSignal): Promise<Answer> {
    if (isPrivate(key, this.#options.privatePrefixes)) return { kind: 'absent', why: 'private-prefix' };
    const cached = this.#fromCache(key);
    if (cached) return cached;
    const mark = await this.#options.marks.get(key);
    if (mark.shown === 'private' || mark.shown === 'gone') return { kind: 'absent', why: 'marked' };
    const joined = this.#join(key, mark);
    if (joined) return joined;

    const above = await this.#above(key, want, signal);
    switch (above.kind) {
      case 'found':
        return above;
      case 'private':
        return { kind: 'absent', why: 'private' };
      case 'vanished':
        this.#options.vanished(key);
        return { kind: 'absent', why: 'vanished' };
      case 'missing':
        return await this.#below(key, want, mark, undefined, signal);
      case 'unavailable':
        this.#options.bucketTroubled(above.trouble, above.cause);
        return await this.#below(key, want, mark, above.trouble, signal);
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
    return open.origin.fromSource ? this.#fromSource(key, mark, open, true) : this.#shared(open, true);
  }

  async #above(key: string, want: Want, signal: AbortSignal) {
    const answer = await this.#askBucket(key, want, signal);
    if (answer.kind !== 'missing') return answer;
    // The copy may have landed since the bucket was asked; only an absence that it confirms again is believed.
    if ((await this.#options.ledger.status(key))?.status !== 'copied') return answer;
    this.#options.bucket.forget(key);
    const again = await this.#askBucket(key, want, signal);
    return again.kind === 'missing' ? ({ kind: 'vanished' } as const) : again;
  }

  async #askBucket(key: string, want: Want, signal: AbortSignal): Promise<Above> {
    const { bucket, bucketReads } = this.#options;
    if (want.head) {
      const head = await bucket.head(key, signal);
      return head.kind === 'found' ? foundFacts('bucket', head.meta) : head;
    }
    const answer = await bucketReads.read(key, want.hint, signal);
    if (answer.kind === 'shared') return this.#shared(answer.body, answer.collapsed ?? false);
    if (answer.kind === 'alone')
      return { kind: 'found', tier: 'bucket', body: answer.body, collapsed: false, stored: false };
    return answer;
  }

  async #below(
    key: string,
    want: Want,
    mark: Mark,
    trouble: BucketTrouble | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { sourceReads, copies, sourcesAllowed } = this.#options;
    const unavailable: Answer = { kind: 'unavailable', bucket: trouble };
    // What only the bucket may answer for is not absent while the bucket cannot be asked (I8).
    if (mark.below === 'closed') return trouble ? unavailable : { kind: 'absent', why: 'closed' };
    if (!sourcesAllowed()) return unavailable;

    const answer = want.head ? await sourceReads.find(key, signal) : await sourceReads.read(key);
    switch (answer.kind) {
      case 'shared':
        return this.#fromSource(key, mark, answer.body, false);
      case 'alone':
      case 'found': {
        const body = answer.kind === 'alone' ? answer.body : factsBody(answer.object.meta);
        if (answer.kind === 'found') answer.object.close();
        copies.request(key);
        if (!answer.object.private || mark.shown === 'public')
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

  #fromSource(key: string, mark: Mark, body: SharedBody, collapsed: boolean): Answer {
    const offer = !body.offered && !body.barred;
    body.offered = true;
    this.#options.copies.request(key, offer ? body.holdForCopy() : undefined);
    if (body.origin.fromSource?.private && mark.shown !== 'public') return { kind: 'absent', why: 'private' };
    return this.#shared(body, collapsed);
  }

  #shared(body: SharedBody, collapsed: boolean): Found {
    const stored = !body.barred && this.#options.bodies.cacheable(body.origin);
    return { kind: 'found', tier: body.origin.tier, body: body.hold(), collapsed, stored };
  }
}

function foundFacts(tier: string, meta: ObjectMeta): Found {
  return { kind: 'found', tier, body: factsBody(meta), collapsed: false, stored: false };
}

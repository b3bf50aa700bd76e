import type { ObjectMeta } from '../lib/object-meta.ts';
import { parseHttpDate } from './http-date.ts';

/** The request headers that decide; the shape of Node's `IncomingHttpHeaders`. */
export interface ConditionalHeaders {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
  readonly 'if-modified-since'?: string | undefined;
  readonly 'if-unmodified-since'?: string | undefined;
  readonly range?: string | undefined;
  readonly 'if-range'?: string | undefined;
}

export interface ConditionalRequest {
  readonly method: 'GET' | 'HEAD';
  readonly headers: ConditionalHeaders;
  /** The object exists: `*` always matches. Without an etag, no tag of the client's can match. */
  readonly meta: ObjectMeta;
  /** For the century of two-digit years only. */
  readonly nowMs?: number;
}

/** `go`: answer as usual, and honour the Range header only if `useRange`. */
export type ConditionalOutcome =
  | { readonly status: 304 }
  | { readonly status: 412 }
  | { readonly status: 'go'; readonly useRange: boolean };

/** The preconditions of a read, in the order of RFC 9110 §13.2.2. */
export function evaluate({ method, headers, meta, nowMs = Date.now() }: ConditionalRequest): ConditionalOutcome {
  const date = (text: string | undefined) => (text === undefined ? undefined : parseHttpDate(text, nowMs));
  const lastModifiedMs = Math.floor(meta.mtimeMs / 1000) * 1000;

  // Dates that do not parse are ignored (RFC 9110 §13.1.3, §13.1.4); tags that do not parse match nothing.
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, meta.etag, strongMatch)) return { status: 412 };
  } else {
    const unmodifiedSince = date(headers['if-unmodified-since']);
    if (unmodifiedSince !== undefined && lastModifiedMs > unmodifiedSince) return { status: 412 };
  }

  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, meta.etag, weakMatch)) return { status: 304 };
  } else {
    const modifiedSince = date(headers['if-modified-since']);
    if (modifiedSince !== undefined && lastModifiedMs <= modifiedSince) return { status: 304 };
  }

  // Ranges are defined for GET only (RFC 9110 §14.2).
  if (method !== 'GET' || headers.range === undefined) return { status: 'go', useRange: false };
  const ifRange = headers['if-range'];
  if (ifRange === undefined) return { status: 'go', useRange: true };
  // RFC 9110 §13.1.5: one tag, compared strongly, or a date that is exactly Last-Modified. Such a date is strong once
  // it is a second old (§8.8.2.2), which the mtimes of media are.
  const useRange = ifRange.includes('"')
    ? meta.etag !== undefined && strongMatch(ifRange, meta.etag)
    : date(ifRange) === lastModifiedMs;
  return { status: 'go', useRange };
}

type Comparison = (given: string, ours: string) => boolean;

// RFC 9110 §8.8.3.2
const strongMatch: Comparison = (given, ours) => given === ours && !ours.startsWith('W/');
const weakMatch: Comparison = (given, ours) => given.replace(/^W\//, '') === ours.replace(/^W\//, '');

function matches(header: string, etag: string | undefined, compare: Comparison): boolean {
  if (header.trim() === '*') return true;
  return etag !== undefined && entityTags(header).some((tag) => compare(tag, etag));
}

/** The members of a list of entity tags, which may hold commas themselves; none when any of them is malformed. */
function entityTags(header: string): string[] {
  // RFC 9110 §8.8.3; empty members are skipped (§5.6.1.2).
  const member = /[\t ]*(?:((?:W\/)?"[!\x23-\x7e\x80-\xff]*")[\t ]*)?(?:,|$)/y;
  const tags: string[] = [];
  while (member.lastIndex < header.length) {
    const match = member.exec(header);
    if (match === null) return [];
    if (match[1] !== undefined) tags.push(match[1]);
  }
  return tags;
}

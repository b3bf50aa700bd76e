import { type ObjectMeta, representationHeaders } from '../lib/object-meta.ts';
import { cacheStatus } from './cache-status.ts';
import { formatHttpDate } from './http-date.ts';

export interface ObjectAnswer {
  /** A Cache-Status value, as `cacheStatus` builds it. */
  readonly cacheStatus: string;
  /** Given when the answer comes from the edge cache. */
  readonly ageSeconds?: number;
  /** The value of Access-Control-Allow-Origin. */
  readonly cors: string;
}

/**
 * The headers of a 200, 206, 304 or a HEAD's answer; Content-Length and Content-Range are the caller's.
 *
 * Mastodon never changes the content of a URL without changing the URL, hence the default Cache-Control.
 */
export function objectHeaders(meta: ObjectMeta, answer: ObjectAnswer): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/octet-stream' };
  for (const name of representationHeaders) {
    const value = meta.headers[name];
    if (value !== undefined && isFieldValue(value)) headers[name] = value;
  }
  // An Expires of the object's own would be overruled by our max-age (RFC 9111 §5.3).
  if (headers['cache-control'] === undefined && headers.expires === undefined) {
    headers['cache-control'] = 'public, max-age=31536000, immutable';
  }
  headers['last-modified'] = formatHttpDate(meta.mtimeMs);
  if (meta.etag !== undefined) headers.etag = meta.etag;
  headers['accept-ranges'] = 'bytes';
  if (answer.ageSeconds !== undefined) headers.age = String(Math.max(0, Math.floor(answer.ageSeconds)));
  headers['cache-status'] = answer.cacheStatus;
  headers['access-control-expose-headers'] =
    'Accept-Ranges, Content-Range, Content-Length, ETag, Last-Modified, Cache-Status, Age';
  return { ...headers, ...safetyHeaders(answer.cors) };
}

/** For every answer: media are uploads of strangers, and must not run in the instance's name. */
export function safetyHeaders(cors: string): Record<string, string> {
  return {
    'access-control-allow-origin': cors,
    'content-security-policy': "default-src 'none'; form-action 'none'",
    'x-content-type-options': 'nosniff',
  };
}

/**
 * For a reader who is sent to the bucket. Kept for a minute only: it is here that a key is looked up, and is hidden. Conditions and ranges
 * go along with the request to the bucket (RFC 9110 §13.2.1: they are not evaluated for an answer that is no 2xx).
 */
export function redirectHeaders(location: string, cors: string): Record<string, string> {
  return {
    location,
    'cache-control': 'public, max-age=60',
    'cache-status': cacheStatus({ tier: 'bucket' }),
    ...safetyHeaders(cors),
  };
}

/** For every 4xx and 5xx. A CDN that kept one would go on refusing what has long come back. */
export function refusalHeaders(cors: string): Record<string, string> {
  return { ...safetyHeaders(cors), 'cache-control': 'no-store' };
}

/** For the answer to a CORS preflight (Fetch standard, "CORS-preflight request"). */
export function preflightHeaders(cors: string): Record<string, string> {
  return {
    ...safetyHeaders(cors),
    'access-control-allow-methods': 'GET, HEAD, OPTIONS',
    'access-control-allow-headers':
      'Range, If-Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, Cache-Control',
    'access-control-max-age': '86400',
  };
}

/** Node refuses to send other bytes (RFC 9110 §5.5), and a strange stored header must not make an object unreadable. */
function isFieldValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

/** How an answer came about, for RFC 9211. */
export interface CacheStatus {
  /** `cache`, `bucket`, a source by its name, or `none` when no tier had it. */
  readonly tier: string;
  /** The reader joined a fetch that another reader had begun. */
  readonly collapsed?: boolean;
  /** The answer was kept in the edge cache. */
  readonly stored?: boolean;
  /** How long the edge cache will still serve it. */
  readonly ttlSeconds?: number;
  /** The status that the bucket or an http source answered. */
  readonly fwdStatus?: number;
}

/** The value of Cache-Status (RFC 9211), one list member: `Upstairs; fwd=uri-miss; stored; detail=bucket`. */
export function cacheStatus({ tier, collapsed, stored, ttlSeconds, fwdStatus }: CacheStatus): string {
  const hit = tier === 'cache';
  const parameters = ['Upstairs', hit ? 'hit' : 'fwd=uri-miss'];
  // RFC 9211 §2.3-2.6: these say how a forwarded request went, so they mean nothing beside a hit.
  if (!hit && fwdStatus !== undefined) parameters.push(`fwd-status=${integer(fwdStatus)}`);
  if (ttlSeconds !== undefined) parameters.push(`ttl=${integer(ttlSeconds)}`);
  if (!hit && stored) parameters.push('stored');
  if (!hit && collapsed) parameters.push('collapsed');
  parameters.push(`detail=${tokenOrString(tier)}`);
  return parameters.join('; ');
}

/** sf-integer: at most 15 digits (RFC 9651 §3.3.1). */
function integer(value: number): number {
  const limit = 999_999_999_999_999;
  return Math.min(Math.max(Math.trunc(value), -limit), limit) || 0;
}

/** sf-token where the text is one, else sf-string, which is printable ASCII (RFC 9651 §3.3.3, §3.3.4). */
function tokenOrString(text: string): string {
  if (/^[a-z*][a-z0-9!#$%&'*+.^_`|~:/-]*$/i.test(text)) return text;
  return `"${text.replace(/[^ -~]/gu, '?').replace(/["\\]/g, '\\$&')}"`;
}

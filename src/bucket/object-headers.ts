import type { IncomingHttpHeaders } from 'node:http';
import { millisecondsOf, parseDecimalSeconds } from '../lib/decimal-seconds.ts';
import { etagOfMd5, type ObjectMeta, representationHeaders } from '../lib/object-meta.ts';

/** Facts of an object from its response headers; `size` because a 206 gives it in Content-Range. */
export function metaOf(headers: IncomingHttpHeaders, size: number): ObjectMeta {
  const shown: Record<string, string> = {};
  for (const name of representationHeaders) {
    const value = headers[name];
    if (typeof value === 'string') shown[name] = value;
  }
  const etag = etagOf(headers);
  return { size, mtimeMs: mtimeMsOf(headers), headers: shown, ...(etag === undefined ? {} : { etag }) };
}

/**
 * MD5 in hex: rclone's `md5chksum` (base64) where it is, else an ETag of that form (a single PutObject without SSE-C).
 * An ETag with a dash is a multipart upload's, and is no MD5 of the content.
 */
export function md5From(md5chksum: string | undefined, etag: string | undefined): string | undefined {
  const kept = Buffer.from(md5chksum ?? '', 'base64');
  if (kept.length === 16) return kept.toString('hex');
  return /^"?([0-9a-f]{32})"?$/.exec(etag ?? '')?.[1];
}

function etagOf(headers: IncomingHttpHeaders): string | undefined {
  const kept = headers['x-amz-meta-md5chksum'];
  const md5 = md5From(typeof kept === 'string' ? kept : undefined, headers.etag);
  return md5 === undefined ? headers.etag : etagOfMd5(md5);
}

/** The source's mtime if a copy kept it, else when the store got the object. */
function mtimeMsOf(headers: IncomingHttpHeaders): number {
  const kept = headers['x-amz-meta-mtime'];
  const ns = typeof kept === 'string' ? parseDecimalSeconds(kept) : undefined;
  if (ns !== undefined) return millisecondsOf(ns);
  const stored = Date.parse(headers['last-modified'] ?? '');
  return Number.isNaN(stored) ? 0 : stored;
}

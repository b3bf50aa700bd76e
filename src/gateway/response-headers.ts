import type { IncomingHttpHeaders } from 'node:http';
import { isReservedMetadata } from './reserved-keys.ts';

const passed: ReadonlySet<string> = new Set([
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'x-amz-mp-parts-count',
]);

/**
 * What a client sees of a store's answer: the object's own headers and metadata. Not what the store tells of itself, its request ids and
 * versions, and not the program's own metadata.
 */
export function clientHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const metadata = name.startsWith('x-amz-meta-') && !isReservedMetadata(name);
    if (value !== undefined && (metadata || passed.has(name))) shown[name] = String(value);
  }
  return shown;
}

import type { RangeHint } from '../bucket/bucket.ts';
import type { ByteRange } from '../lib/byte-range.ts';

/** What a Range header means for an object of a known size. */
export type RequestedRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'one'; readonly range: ByteRange }
  | { readonly kind: 'unsatisfiable' };

/**
 * Reads a Range header without knowing the size. Undefined when there is nothing to honour: no header, another unit,
 * several ranges, first after last, or a syntax error. RFC 9110 §14.2 lets a server ignore any of these.
 *
 * Only for GET: RFC 9110 §14.2 has no ranges on other methods, HEAD included.
 */
export function rangeHint(header: string | undefined): RangeHint | undefined {
  // Unit names are case-insensitive (RFC 9110 §14.1).
  const match = header === undefined ? null : /^bytes=(\d*)-(\d*)$/i.exec(header);
  if (match === null) return undefined;
  const [, firstDigits = '', lastDigits = ''] = match;
  if (firstDigits === '') return lastDigits === '' ? undefined : { suffix: position(lastDigits) };
  const first = position(firstDigits);
  if (lastDigits === '') return { first };
  const last = position(lastDigits);
  // RFC 9110 §14.1.2: an int-range whose last-pos is less than its first-pos is invalid.
  return first > last ? undefined : { first, last };
}

/** What the header asks of an object of `size` bytes (RFC 9110 §14.1.2). */
export function parseRange(header: string | undefined, size: number): RequestedRange {
  const hint = rangeHint(header);
  if (hint === undefined) return { kind: 'whole' };
  if ('suffix' in hint) {
    if (hint.suffix === 0) return { kind: 'unsatisfiable' };
    // Satisfiable by the RFC's letter, but no Content-Range can name zero bytes.
    if (size === 0) return { kind: 'whole' };
    return { kind: 'one', range: { first: Math.max(0, size - hint.suffix), last: size - 1 } };
  }
  if (hint.first >= size) return { kind: 'unsatisfiable' };
  return { kind: 'one', range: { first: hint.first, last: Math.min(hint.last ?? size - 1, size - 1) } };
}

/** Content-Range of a 206 (RFC 9110 §14.4). */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.first}-${range.last}/${size}`;
}

/** Content-Range of a 416 (RFC 9110 §15.5.17). */
export function unsatisfiedContentRange(size: number): string {
  return `bytes */${size}`;
}

/** Any number of digits; what no file can hold is taken for the largest integer that is still exact. */
function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

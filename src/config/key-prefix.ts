import { z } from 'zod';

const reserved = '_upstairs/';

/**
 * Schema of a key prefix: whole segments, each ended by `/`. Segments that a path could spell in another way
 * (empty, `.`, `..`) are refused, since one file must have one key; `_upstairs/` is Upstairs' own.
 */
export function keyPrefix() {
  return z
    .string()
    .refine((prefix) => prefix.endsWith('/'), { error: 'must end with "/"', abort: true })
    .refine((prefix) => !prefix.startsWith('/'), { error: 'must not start with "/"', abort: true })
    .refine((prefix) => prefix.slice(0, -1).split('/').every(isPlainSegment), {
      error: 'must not hold empty, "." or ".." segments, backslashes or control characters',
      abort: true,
    })
    .refine((prefix) => !prefix.startsWith(reserved), { error: `must not be under "${reserved}", which is reserved` });
}

/** Schema of a key prefix or nothing, which is the default. */
export function optionalKeyPrefix() {
  return z.union([z.literal(''), keyPrefix()], { error: 'must be empty, or text that ends with "/"' }).prefault('');
}

function isPlainSegment(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..' && !/[\p{Cc}\\]/u.test(segment);
}

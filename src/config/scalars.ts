import { z } from 'zod';

/** Schema of a whole number. Takes text too: a value that came from `${VAR}` is always text. Bounds are inclusive. */
export function integer({ least = 1, most = 1_000_000_000 }: { least?: number; most?: number } = {}) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z
    .union([z.int().min(least, { error }).max(most, { error }), z.string().regex(/^\d{1,15}$/, { abort: true })], {
      error,
    })
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error });
}

/** Schema of a yes or no. Takes the words `true` and `false` as text too, for the same reason. */
export function flag() {
  return z
    .union([z.boolean(), z.enum(['true', 'false'])], {
      error: ({ input }) => (input === undefined ? 'is required: true or false' : 'must be true or false'),
    })
    .transform((value) => value === true || value === 'true');
}

/** Schema of text that goes into an HTTP header as it is: printable ASCII (RFC 9110 §5.5), not empty. */
export function headerValue() {
  return z
    .string()
    .regex(/^[!-~]([ -~]*[!-~])?$/, 'must be printable ASCII, without spaces at its ends, and not empty');
}

/** Schema of a credential: one printable word. A stray newline or space would only show as a wrong signature. */
export function credential() {
  return z.string().regex(/^[!-~]+$/, 'must be printable ASCII without white space, and not empty');
}

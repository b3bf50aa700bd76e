import { z } from 'zod';
import { credential } from './scalars.ts';

/** Headers that ordinary requests have: with one of them for the secret, every reader would be refused. */
const everyday =
  /^(accept(-.*)?|authorization|cache-control|connection|content-.*|cookie|date|expect|forwarded|host|if-.*|keep-alive|origin|pragma|priority|range|referer|sec-.*|signature|te|trailer|transfer-encoding|upgrade|user-agent|via|x-forwarded-.*|x-real-ip)$/i;

/** `PURGE`, and GET with the secret header, on a media URL. `header` comes out in lower case, as Node names headers. */
export const purgeSchema = z.strictObject({
  header: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, { error: 'must be the name of a header (X-Purge-Secret)', abort: true })
    .refine((name) => !everyday.test(name), {
      error: 'must be a header of its own: with one that readers send, every reader would be refused',
    })
    .toLowerCase()
    .prefault('X-Purge-Secret')
    .describe("Header that carries the secret; Mastodon's CACHE_BUSTER_SECRET_HEADER"),
  secret: credential()
    .min(16, { error: 'must have at least 16 characters: anybody may try' })
    .describe("Mastodon's CACHE_BUSTER_SECRET; from the environment or a file, not in here"),
});

import { z } from 'zod';
import { remoteLimits } from './remote-limits.ts';
import { credential } from './scalars.ts';
import { sourceName } from './source-name.ts';
import { pemFile } from './tls-schema.ts';

const urlForm =
  'must be an http:// or https:// URL that ends with "/", without user, query, fragment and dot segments (https://basement.example/system/)';

const url = z
  .string()
  .regex(/^https?:\/\/[!-~]+\/$/i, { error: urlForm, abort: true })
  .refine((text) => URL.canParse(text) && isPlain(text, new URL(text)), { error: urlForm, abort: true })
  .transform((text) => new URL(text).href);

/** One that the parser had to repair would be asked for other paths than it shows. */
function isPlain(text: string, { username, password, search, hash, pathname }: URL): boolean {
  return (
    username + password + search + hash === '' &&
    text.replace(/^[^/]*\/\/[^/]*/, '') === pathname &&
    !pathname.includes('//')
  );
}

/** Headers that the requests have anyway, or that steer the connection. */
const ours =
  /^(accept|accept-encoding|authorization|connection|content-.*|cookie|expect|host|if-.*|keep-alive|proxy-.*|range|te|trailer|transfer-encoding|upgrade|user-agent)$/i;

const secret = z.strictObject({
  header: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, {
      error: 'must be the name of a header (X-Upstairs-Secret)',
      abort: true,
    })
    .refine((name) => !ours.test(name), { error: 'must be a header of its own: requests have this one anyway' })
    .toLowerCase()
    .describe('Header that carries the secret'),
  value: credential().describe('The secret; from the environment or a file, not in here'),
});

const keyForm = 'must be a key: a path without "/" at its ends and without empty, "." or ".." segments';

const canary = z
  .string()
  .refine((key) => key.isWellFormed() && !/[\p{Cc}\\]/u.test(key), { error: keyForm, abort: true })
  .refine((key) => key.split('/').every((part) => !['', '.', '..'].includes(part)), { error: keyForm });

/** A web server on another machine that gives files out, plain nginx say. `url` comes out as the parser spells it. */
export const httpSource = z.strictObject({
  type: z
    .literal('http')
    .describe('A web server on another machine; plain nginx is enough. 403 means private there, 404 and 410 missing'),
  name: sourceName(),
  url: url.describe('Where media lie there; a key is put behind it, percent-encoded'),
  secret: secret
    .optional()
    .describe('Shows the server that it is Upstairs that asks; else it gives everything to everybody'),
  canary: canary
    .optional()
    .describe(
      'A key that is always there: while it is not, a disk is not mounted there, and neither 404 nor 403 is believed',
    ),
  ca: pemFile()
    .optional()
    .describe("Certificate of the authority that the server's was made by, PEM; the public ones are not believed then"),
  ...remoteLimits(),
});

import { z } from 'zod';
import { hostName } from './host-name.ts';
import { listenAddress } from './listen-address.ts';
import { purgeSchema } from './purge-schema.ts';
import { flag, integer } from './scalars.ts';
import { tlsSchema } from './tls-schema.ts';
import { trustedProxies } from './trusted-proxies.ts';
import { duration } from './units.ts';

const pathPattern = /^\/(?:(?!\.{1,2}\/)[A-Za-z0-9._~!$&'()*+,;=:@-]+\/)*$/;

const route = z.strictObject({
  host: z
    .union([z.literal('*'), hostName()], {
      error: 'must be a host name without scheme, port or path, or "*" for every host',
    })
    .describe('Host name that readers use; "*" takes every host'),
  prefix: z
    .string()
    .regex(pathPattern, 'must be a path that starts and ends with "/", without "//", "." or ".." segments, % or ?')
    .describe('URL path before the key; it is cut off'),
});

const routes = z
  .array(route)
  .min(1)
  .superRefine((all, context) => {
    for (const [i, later] of all.entries()) {
      const earlier = all.slice(0, i).findIndex((other) => overlap(other, later));
      if (earlier < 0) continue;
      context.addIssue({
        code: 'custom',
        path: [i],
        message: `overlaps with read.routes.${earlier}: one URL would have two keys; remove one, or give them prefixes apart`,
      });
    }
  });

function overlap(a: z.output<typeof route>, b: z.output<typeof route>): boolean {
  const sameHost = a.host === b.host || a.host === '*' || b.host === '*';
  return sameHost && (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix));
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** What is wrong with the readers' options before this bucket. */
export function* readProblems(
  { bucketHits }: { readonly bucketHits: 'proxy' | 'redirect' },
  { acls }: { readonly acls: boolean },
): Generator<{ path: string[]; message: string }> {
  if (bucketHits !== 'redirect' || acls) return;
  yield {
    path: ['read', 'bucketHits'],
    message:
      'must be proxy where bucket.acls is false: readers can fetch nothing from a private bucket, and in a public one what is hidden would be shown to who knows its URL',
  };
}

/** The read host: where readers come in. */
export const readSchema = z.strictObject({
  listen: listenAddress().prefault('0.0.0.0:8080').describe('Address and port for readers, usually behind nginx'),
  tls: tlsSchema().optional().describe('TLS for readers; left out, it is spoken by a proxy in front'),
  routes: routes.describe('Which hosts and paths are media'),
  trustProxy: trustedProxies(),
  keepAliveTimeout: duration()
    .prefault('75s')
    .describe("Time an idle connection is kept; longer than the proxy's in front, or it meets closed ones"),
  requestTimeout: duration().prefault('30s').describe('Time a client may take to send its request headers'),
  stallTimeout: duration().prefault('60s').describe('Time without a byte moving until a connection is cut'),
  maxConnections: integer().prefault(10_000).describe('Connections at once; more are refused'),
  cors: z
    .string()
    .refine((value) => value === '*' || isOrigin(value), {
      error: 'must be "*" or one origin: scheme and host, without a path (https://example.social)',
    })
    .prefault('*')
    .describe('Access-Control-Allow-Origin: "*" or one origin; other instances and apps fetch media'),
  bucketHits: z
    .enum(['proxy', 'redirect'])
    .prefault('proxy')
    .describe('What the bucket has is proxied; or readers are redirected to it (302), for a proxy with a thin uplink'),
  publicStatus: flag()
    .prefault(false)
    .describe('Show everybody at /_upstairs of these hosts how far the move is, without names, keys or paths'),
  purge: purgeSchema
    .optional()
    .describe('Who may have a media URL forgotten: Mastodon, after a delete; nobody where it is left out'),
});

import { isIP } from 'node:net';
import { z } from 'zod';
import { listenAddress } from './listen-address.ts';
import { integer } from './scalars.ts';
import { duration } from './units.ts';

const hostPattern = /^(\*|\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)$/;
const pathPattern = /^\/(?:(?!\.{1,2}\/)[A-Za-z0-9._~!$&'()*+,;=:@-]+\/)*$/;

const route = z.strictObject({
  host: z
    .string()
    .toLowerCase()
    .regex(hostPattern, 'must be a host name without scheme, port or path, or "*" for every host')
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

function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** The read host: where readers come in. */
export const readSchema = z.strictObject({
  listen: listenAddress().prefault('0.0.0.0:8080').describe('Address and port for readers, usually behind nginx'),
  routes: routes.describe('Which hosts and paths are media'),
  trustProxy: z
    .array(
      z
        .string()
        .refine(isAddressOrNetwork, { error: 'must be an IP address or a network (127.0.0.1, 10.0.0.0/8, ::1)' }),
    )
    .prefault([])
    .describe('Addresses and networks of proxies whose X-Forwarded-* headers are believed'),
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
});

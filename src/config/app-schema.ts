import { z } from 'zod';
import { hostName } from './host-name.ts';
import { type ListenAddress, listenAddress } from './listen-address.ts';
import { integer } from './scalars.ts';
import { tlsSchema } from './tls-schema.ts';
import { trustedProxies } from './trusted-proxies.ts';
import { duration } from './units.ts';

/** The app host: Mastodon itself, with its media served from here. Left out, there is none. */
export const appSchema = z.strictObject({
  listen: listenAddress()
    .prefault('127.0.0.1:8082')
    .describe('Address and port for browsers, apps and other instances'),
  tls: tlsSchema().optional().describe('TLS for them; left out, it is spoken by a proxy in front'),
  hosts: z
    .array(hostName())
    .min(1)
    .refine((hosts) => new Set(hosts).size === hosts.length, { error: 'must name each host once' })
    .describe("Host names of the instance; what read.routes has of them is served from here, the rest is Mastodon's"),
  web: upstream().describe("URL of Mastodon's web server (puma)"),
  streaming: upstream()
    .optional()
    .describe("URL of Mastodon's streaming server, for /api/v1/streaming; left out, the web server gets that too"),
  trustProxy: trustedProxies(),
  answerWithin: duration()
    .prefault('60s')
    .describe('Time that Mastodon may neither take a request nor begin its answer; then 504'),
  keepAliveTimeout: duration()
    .prefault('75s')
    .describe("Time an idle connection is kept; longer than the proxy's in front, or it meets closed ones"),
  requestTimeout: duration().prefault('30s').describe('Time a client may take to send its request headers'),
  stallTimeout: duration().prefault('60s').describe('Time without a byte moving until a connection is cut'),
  maxConnections: integer().prefault(10_000).describe('Connections at once, WebSockets among them; more are refused'),
});

/** The slice of the configuration; durations in milliseconds. */
export type AppConfig = z.output<typeof appSchema>;

interface ReadRoutes {
  readonly routes: readonly { readonly host: string; readonly prefix: string }[];
}

type Placed = Pick<AppConfig, 'hosts'> & { readonly [name in 'listen' | 'web' | 'streaming']?: AppConfig[name] };

/** What is wrong with an app host beside this read host. */
export function* appProblems({ hosts, listen, web, streaming }: Placed, { routes }: ReadRoutes) {
  for (const [name, url] of Object.entries({ web, streaming })) {
    // One that is no URL is told of already.
    if (!listen || !url || !URL.canParse(url) || !leadsTo(listen, new URL(url))) continue;
    yield {
      path: ['app', name],
      message: 'is app.listen itself: a request would go round until there is no connection left',
    };
  }
  for (const [i, host] of hosts.entries()) {
    const media = routes.filter((route) => route.host === host || (route.host === '*' && route.prefix !== '/'));
    const every = media.some(({ prefix }) => prefix === '/');
    if (media.length > 0 && !every) continue;
    const message = every
      ? 'is a host of which read.routes takes every path: nothing would be left for Mastodon'
      : 'is a host of which read.routes takes no path: what was deleted would come from Mastodon\'s own web server, which gives out files of the old disk; add a route for it (prefix: /system/), and none of host "*" for every path';
    yield { path: ['app', 'hosts', i], message };
  }
}

/** Whether nobody but who listens there could be a server at this URL. */
function leadsTo({ host, port }: ListenAddress, { protocol, hostname, port: named }: URL): boolean {
  if (Number(named || (protocol === 'https:' ? 443 : 80)) !== port) return false;
  const name = hostname.replace(/^\[|\]$/g, '');
  const loopback = (address: string) => /^(127\.[\d.]+|::1|localhost)$/.test(address);
  return name === host || (loopback(name) && (host === '0.0.0.0' || host === '::'));
}

function upstream() {
  return z.string().refine(isOrigin, { error: 'must be a URL of scheme, host and port alone (http://127.0.0.1:3000)' });
}

function isOrigin(text: string): boolean {
  if (!/^https?:\/\/[^/?#@]+\/?$/.test(text) || !URL.canParse(text)) return false;
  return new URL(text).hostname !== '';
}

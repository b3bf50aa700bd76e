import type { IncomingMessage } from 'node:http';
import { matchRoute, type Route } from '../media/route.ts';
import { isDisguised } from './disguised-path.ts';
import { namedHost } from './request-host.ts';
import { hostOf } from './site-for.ts';

export type UpstreamName = 'web' | 'streaming';

/** What becomes of a request to the app host. */
export type AppTarget =
  /** It is for the read path. */
  | { readonly kind: 'media' }
  /** `why` in a word, for the log. */
  | { readonly kind: 'refused'; readonly status: number; readonly why: string }
  /** `path` with its query and `host` with its port are as the client wrote them. */
  | { readonly kind: 'upstream'; readonly upstream: UpstreamName; readonly path: string; readonly host: string };

export interface AppSite {
  readonly hosts: readonly string[];
  /** Of the read host; none takes every path of these hosts. */
  readonly routes: readonly Route[];
  /** There is a streaming server of its own. */
  readonly streaming: boolean;
}

type Asking = Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'httpVersion' | 'method'>;

/** The routes of read hosts that hold on the app host too. A `*` that takes every path is for hosts that nobody names. */
export function appRoutes(routes: readonly Route[]): Route[] {
  return routes.filter(({ host, prefix }) => host !== '*' || prefix !== '/');
}

/** @param url the request target as it came: paths are neither decoded nor normalised, for Mastodon to read them as it likes. */
export function appTarget(request: Asking, url: string, { hosts, routes, streaming }: AppSite): AppTarget {
  const named = namedHost(request);
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url);
  const host = absolute?.[1] ?? (named.kind === 'one' ? named.authority : undefined);
  if (named.kind === 'several' || (named.kind === 'none' && request.httpVersion !== '1.0'))
    return refused(400, 'bad-host');
  const name = hostOf({ rawHeaders: request.rawHeaders, url });
  if (host === undefined || name === undefined || !hosts.includes(name)) return refused(421, 'no-host');
  const route = matchRoute(routes, host, url);
  if (route.kind === 'match') return { kind: 'media' };
  const rest = absolute?.[2] ?? url;
  // RFC 9112 §3.2.2: an absolute-form target without a path.
  const path = rest === '' || rest.startsWith('?') ? `/${rest}` : rest;
  if (!path.startsWith('/') && !(path === '*' && request.method === 'OPTIONS')) return refused(400, 'bad-target');
  // HTTP/2 lets through what a request line cannot hold.
  if (/[^\x21-\xff]/.test(path)) return refused(400, 'bad-target');
  const [plain = ''] = path.split('?', 1);
  const prefixes = routes.filter((one) => one.host === name || one.host === '*').map(({ prefix }) => prefix);
  if (isDisguised(plain, prefixes)) return refused(404, 'disguised');
  // It would show what a proxy added (RFC 9110 §9.3.8).
  if (request.method === 'TRACE') return refused(405, 'method');
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return refused(501, 'transfer-coding');
  return { kind: 'upstream', upstream: streaming && isStreaming(plain) ? 'streaming' : 'web', path, host };
}

function isStreaming(path: string): boolean {
  return path === '/api/v1/streaming' || path.startsWith('/api/v1/streaming/');
}

function refused(status: number, why: string): AppTarget {
  return { kind: 'refused', status, why };
}

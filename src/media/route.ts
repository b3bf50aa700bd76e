/** A public name and the path under which it serves media; host `*` is any host, also none at all. */
export interface Route {
  readonly host: string;
  readonly prefix: string;
}

/**
 * `match`: `rest` follows the prefix, still percent-encoded. `bad-target`: the request line or Host cannot be read
 * (400). `no-host`: no route has this host. `no-prefix`: the host is ours, the path is not.
 */
export type RouteMatch =
  | { readonly kind: 'match'; readonly rest: string }
  | { readonly kind: 'no-host' }
  | { readonly kind: 'no-prefix' }
  | { readonly kind: 'bad-target' };

interface Target {
  /** Absent when the target does not name one, so that the Host header decides. */
  readonly authority?: string;
  readonly path: string;
}

/**
 * Finds the route of a request. A route that names the host comes before `*`, a longer prefix before a shorter one.
 * Prefixes are compared with the raw path: `/%73ystem/` is not `/system/`.
 *
 * @param rawTarget the request target of RFC 9112 §3.2, in origin-form or absolute-form.
 */
export function matchRoute(routes: readonly Route[], hostHeader: string | undefined, rawTarget: string): RouteMatch {
  const target = parseTarget(rawTarget);
  if (target === undefined) return { kind: 'bad-target' };
  // RFC 9112 §3.2.2: the host of an absolute-form target replaces the Host header.
  const authority = target.authority ?? hostHeader ?? '';
  const host = normaliseHost(authority);
  if (host === undefined) return { kind: 'bad-target' };

  const named = host === '' ? [] : routes.filter((route) => normaliseHost(route.host) === host);
  const anyHost = routes.filter((route) => route.host === '*');
  if (named.length === 0 && anyHost.length === 0) return { kind: 'no-host' };
  const prefix = longestPrefix(named, target.path) ?? longestPrefix(anyHost, target.path);
  return prefix === undefined ? { kind: 'no-prefix' } : { kind: 'match', rest: target.path.slice(prefix.length) };
}

function parseTarget(rawTarget: string): Target | undefined {
  // A fragment never belongs into a request (RFC 9112 §3.2); what a client means by one is not for us to guess.
  if (rawTarget.includes('#')) return undefined;
  const [withoutQuery = ''] = rawTarget.split('?', 1);
  // `//evil/x` is a path with an empty segment here, never an authority.
  if (withoutQuery.startsWith('/')) return { path: withoutQuery };
  const absolute = /^https?:\/\/([^/]+)(\/.*)?$/i.exec(withoutQuery);
  if (absolute?.[1] === undefined) return undefined;
  return { authority: absolute[1], path: absolute[2] ?? '/' };
}

/**
 * Lower case, without port and without the root's trailing dot; '' for none, undefined for a value that is no host
 * (RFC 9110 §7.2; userinfo is refused, RFC 9110 §4.2.4).
 */
function normaliseHost(authority: string): string | undefined {
  if (authority === '') return '';
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._~%!$&'()*+,;=-]+)(?::\d*)?$/.exec(authority.toLowerCase());
  const name = match?.[1]?.replace(/\.$/, '');
  return name === '' ? undefined : name;
}

function longestPrefix(routes: readonly Route[], path: string): string | undefined {
  let longest: string | undefined;
  for (const { prefix } of routes) {
    const folder = prefix.endsWith('/') ? prefix : `${prefix}/`;
    if (path.startsWith(folder) && folder.length > (longest?.length ?? 0)) longest = folder;
  }
  return longest;
}

import { parseKey } from '../../media/key.ts';
import { mediaClass } from '../../media/media-class.ts';
import { matchRoute, type Route } from '../../media/route.ts';

/** Where Mastodon itself had its media; such links keep circulating for ever. */
const old = '/system/';

/**
 * The key that a request was about, or undefined if it was about none.
 *
 * A host that the routes know decides by them, as it does for readers. Else the log is of a time before they were: below `/system/` lie
 * media. Where nobody tells the host, each of the read hosts is tried, and what has Mastodon's layout is taken: the log may be the whole
 * instance's, and `/api/v1/…` is no file.
 */
export function keyOfTarget(routes: readonly Route[], host: string | undefined, target: string): string | undefined {
  const routed = host === undefined ? undefined : restOf(routes, host, target);
  if (routed !== undefined) return keyOf(routed);
  const path = /^https?:\/\/[^/]+(\/.*)$/i.exec(target)?.[1] ?? target;
  if (path.startsWith(old)) return keyOf(path.slice(old.length).split('?', 1)[0]!);
  if (host !== undefined) return undefined;
  for (const name of new Set(routes.map((route) => (route.host === '*' ? undefined : route.host)))) {
    const rest = restOf(routes, name, target);
    const key = rest === undefined ? undefined : keyOf(rest);
    if (key !== undefined && mediaClass(key) !== 'other') return key;
  }
  return undefined;
}

function restOf(routes: readonly Route[], host: string | undefined, target: string): string | undefined {
  const match = matchRoute(routes, host, target);
  return match.kind === 'match' ? match.rest : undefined;
}

function keyOf(rest: string): string | undefined {
  const parsed = parseKey(rest);
  return parsed.ok ? parsed.key : undefined;
}

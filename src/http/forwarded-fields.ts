import { isIPv6 } from 'node:net';
import { endToEnd, type Field } from './hop-by-hop.ts';

/** Where a request came from, as the connection tells. */
export interface Origin {
  /** Of the other end of the connection. */
  readonly peer: string;
  /** The peer is a proxy of ours: what it says of the client is believed. */
  readonly trusted: boolean;
  /** The client, as far as trusted proxies tell. */
  readonly client: string;
  /** The connection is TLS. */
  readonly secure: boolean;
  /** As the client named it. */
  readonly host: string;
}

/**
 * By these a proxy tells where a request came from, and what it is allowed: Rails, Rack and Express take the one or the other at its
 * word, so a stranger may send none of them.
 */
const toldByProxies =
  /^(x-forwarded-.*|forwarded|x-real-ip|client-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-connecting-ip|fastly-client-ip|x-original-.*|x-rewrite-url|x-script-name|x-sendfile-type|x-accel-.*)$/;

/**
 * A name with `_` is dropped: CGI, and Rack after it, makes `X_Forwarded_For` and `X-Forwarded-For` the same variable. `Proxy` would be
 * HTTP_PROXY there (CVE-2016-5385).
 */
const neverPassedOn = /_|^proxy$/;

/**
 * The fields that Mastodon gets: what is end to end, with Host as it came, and where the request came from. From strangers that is told
 * anew; what a trusted proxy told is gone on with.
 */
export function forwardedFields(came: readonly Field[], origin: Origin): Field[] {
  const told = new Map<string, string>();
  const fields: Field[] = [];
  const cookies: string[] = [];
  for (const [name, value] of endToEnd(came)) {
    const lower = name.toLowerCase();
    if (lower === 'host' || neverPassedOn.test(lower)) continue;
    if (lower === 'cookie') cookies.push(value);
    else if (!toldByProxies.test(lower)) fields.push([name, value]);
    else if (origin.trusted) told.set(lower, [told.get(lower), value].filter(Boolean).join(', '));
  }
  // HTTP/2 may send cookies in pieces (RFC 9113 §8.2.3).
  if (cookies.length > 0) fields.push(['Cookie', cookies.join('; ')]);
  return [['Host', origin.host], ...fields, ...originFields(told, origin)];
}

function originFields(told: ReadonlyMap<string, string>, { peer, client, secure, host }: Origin): Field[] {
  const addresses = told.get('x-forwarded-for');
  const elements = told.get('forwarded');
  const proto = told.get('x-forwarded-proto') || (secure ? 'https' : 'http');
  const ours = new Map<string, string>([
    ['X-Forwarded-For', addresses ? `${addresses}, ${peer}` : peer],
    ['X-Forwarded-Proto', proto],
    ['X-Forwarded-Host', told.get('x-forwarded-host') || host],
    ['X-Real-IP', told.get('x-real-ip') || client],
  ]);
  // Rack asks Forwarded first: one that names the proxy alone would hide the client that X-Forwarded-For has.
  if (elements || !addresses)
    ours.set(
      'Forwarded',
      [elements, element(peer, host, elements ? (secure ? 'https' : 'http') : proto)].filter(Boolean).join(', '),
    );
  const names = new Set([...ours.keys()].map((name) => name.toLowerCase()));
  return [...[...told].filter(([name]) => !names.has(name)), ...ours];
}

/** RFC 7239 §4; an IPv6 address and a port need quotes (§6). */
function element(peer: string, host: string, proto: string): string {
  const node = isIPv6(peer) ? `"[${peer}]"` : peer;
  return `for=${node};host=${/^[\w.~-]+$/.test(host) ? host : `"${host.replace(/["\\]/g, '')}"`};proto=${proto}`;
}

import type { IncomingMessage } from 'node:http';

/**
 * Who a request says that it is for, by its header fields: the authority with its port, as it was written. `none`: it does not say.
 * `several`: it says two things, and is a bad request (RFC 9112 §3.2, RFC 9113 §8.3.1); Node takes the first in silence.
 */
export type NamedHost = { readonly kind: 'one'; readonly authority: string } | { readonly kind: 'none' | 'several' };

/** Over HTTP/2 `:authority` counts, and a Host beside it must say the same. */
export function namedHost({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): NamedHost {
  const hosts: string[] = [];
  let authority: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase();
    if (name === ':authority') authority = rawHeaders[i + 1];
    else if (name === 'host') hosts.push(rawHeaders[i + 1] ?? '');
  }
  const [first = authority] = hosts;
  if (hosts.length > 1 || first?.toLowerCase() !== (authority ?? first)?.toLowerCase()) return { kind: 'several' };
  return first === undefined ? { kind: 'none' } : { kind: 'one', authority: first };
}

import type { IncomingMessage } from 'node:http';
import type { ListenerSection } from '../config/listeners.ts';
import { namedHost } from './request-host.ts';

/**
 * The host that a request is for, in lower case and without its port; undefined where it does not say, or says two things. That of an
 * absolute-form target replaces the Host header (RFC 9112 §3.2.2).
 */
export function hostOf(request: Pick<IncomingMessage, 'rawHeaders' | 'url'>): string | undefined {
  const named = namedHost(request);
  if (named.kind === 'several') return undefined;
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(request.url ?? '')?.[1];
  const authority = absolute ?? (named.kind === 'one' ? named.authority : undefined);
  return authority === undefined ? undefined : plainHost(authority);
}

/** A host as sections name it: in lower case, without a port and without the root's dot. What a handshake names is one too (RFC 6066 §3). */
export function plainHost(authority: string): string {
  return authority.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

/** The first section that has the host. The write host's names stand for `<bucket>.<host>` too; `*` is what nobody names. */
export function siteFor<T extends Pick<ListenerSection, 'name' | 'hosts'>>(
  sections: readonly T[],
  host: string | undefined,
): T | undefined {
  if (host !== undefined) {
    const named = sections.find(({ hosts }) => hosts.includes(host));
    if (named) return named;
    const bucket = sections.find(
      ({ name, hosts }) => name === 'write' && hosts.some((own) => host.endsWith(`.${own}`)),
    );
    if (bucket) return bucket;
  }
  return sections.find(({ hosts }) => hosts.includes('*'));
}

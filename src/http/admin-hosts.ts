import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { AdminError, answerError } from './admin-error.ts';
import { namedHost } from './request-host.ts';

/** No public name server has names below these (RFC 6761, RFC 6762, RFC 8375; `internal`: ICANN 2024; `lan`: never delegated). */
const privateSuffixes = ['.localhost', '.local', '.home.arpa', '.internal', '.lan'];

/**
 * Whether a request with this Host may come from a page of another host whose name leads here: no. Whoever owns a name in the public DNS can
 * let it lead to any address ("DNS rebinding"), and a browser takes what answers there for a part of that page. Addresses and
 * private names are safe, names without a dot too; `names`, in lower case, are the operator's own.
 */
export function isSafeHost(authority: string, names: readonly string[]): boolean {
  const host = authority.toLowerCase().replace(/:\d*$/, '');
  if (isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 || !host.includes('.')) return true;
  return names.includes(host) || privateSuffixes.some((suffix) => host.endsWith(suffix));
}

/** Refuses whatever comes under another name, before anything else of it is looked at. */
export function onlyUnder(names: readonly string[], app: FastifyInstance): void {
  const answer = answerError(() => undefined);
  app.addHook('onRequest', async (request, reply) => {
    const host = namedHost(request.raw);
    if (host.kind === 'none' || (host.kind === 'one' && isSafeHost(host.authority, names))) return undefined;
    const error = new AdminError(
      'HOST_NOT_KNOWN',
      'it is for a host name that the admin listener does not have',
      'ask by address, or put the name into admin.hosts, and start again',
    );
    await answer(error, request, reply);
    return reply;
  });
}

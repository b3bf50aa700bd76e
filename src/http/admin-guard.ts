import type { FastifyRequest } from 'fastify';
import { SecretDigest } from '../lib/secret-digest.ts';
import { AdminError, notJson } from './admin-error.ts';

/** What may ask the admin listener for more than numbers. */
export interface AdminGuard {
  /** Throws AdminError where it comes from a page of another host. */
  sameOrigin(request: FastifyRequest): void;
  /** Throws AdminError where it does not carry the token. */
  token(request: FastifyRequest): void;
  /** Throws AdminError where its body is not said to be JSON: a form on a page of another host cannot say so. */
  json(request: FastifyRequest): void;
}

/** `token`: `admin.token`; undefined: nobody may give orders. It is taken from the header alone, which no page sends by itself. */
export function adminGuard(token: string | undefined): AdminGuard {
  const digest = token === undefined ? undefined : new SecretDigest(token);
  return {
    sameOrigin({ headers }) {
      if (headers.origin === undefined) return;
      const origin = URL.parse(headers.origin);
      if (origin !== null && origin.host !== '' && origin.host === headers.host?.toLowerCase()) return;
      throw new AdminError(
        'OTHER_ORIGIN',
        'it comes from a page of another host',
        'use the command, or a client that is no browser',
      );
    },
    token({ headers }) {
      if (digest === undefined)
        throw new AdminError(
          'TOKEN_NOT_CONFIGURED',
          'no token is configured, so nobody may do this',
          'put admin.token into the configuration (openssl rand -hex 32), and start again',
        );
      const [, given] = /^Bearer +([!-~]+)$/i.exec(headers.authorization ?? '') ?? [];
      if (given !== undefined && digest.matches(given)) return;
      throw new AdminError(
        'TOKEN_WRONG',
        given === undefined ? 'it carries no token' : 'its token is another one',
        'send authorization: Bearer, and admin.token of the configuration',
      );
    },
    json({ headers }) {
      if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) throw notJson();
    },
  };
}

import type { BucketTrouble } from './bucket.ts';

/** Connection-level errors, by the codes of undici and of Node's sockets. */
const timeouts = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
  'TimeoutError',
]);

/** Names what went wrong on the way to the store. */
export function troubleOf(error: unknown): BucketTrouble {
  const { code, name } = error as { code?: string; name?: string };
  if (code !== undefined && timeouts.has(code)) return 'timeout';
  if (name !== undefined && timeouts.has(name)) return 'timeout';
  if (name === 'HTTPParserError' || code?.startsWith('HPE_') || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
    return 'protocol';
  return 'connect';
}

import { error, type Finding } from './finding.ts';

const names = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA']);
const timeouts = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'ETIMEDOUT',
  'TimeoutError',
  'AbortError',
]);

/** Why a server was not reached, and what helps, by the codes of Node, OpenSSL and undici. `option` is where its address stands. */
export function unreachable(check: string, host: string, option: string, cause: unknown): Finding {
  const code = codeIn(cause);
  const expected = `an answer from ${host}`;
  if (names.has(code))
    return error(
      check,
      `the name ${host} does not resolve (${code})`,
      expected,
      `correct ${option}, or the name server of this machine (resolvectl query ${host})`,
    );
  if (/CERT|TLS|SSL|SELF_SIGNED|ISSUER|ALTNAME/.test(code))
    return error(
      check,
      `TLS with ${host} fails (${code})`,
      'a certificate for that name from a known authority',
      code.includes('ALTNAME')
        ? `${option}: the certificate is for another name; a bucket with dots in its name needs addressing: path`
        : `correct ${option}, or have the certificate renewed; for an authority of one's own start node with NODE_EXTRA_CA_CERTS`,
    );
  if (timeouts.has(code))
    return error(
      check,
      `${host} does not answer in time (${code})`,
      expected,
      'look at firewalls and routes: curl -v to it from this machine; or the server hangs',
    );
  if (code === 'ECONNREFUSED')
    return error(
      check,
      `nothing listens at ${host} (${code})`,
      expected,
      `correct host and port in ${option}, or start that server`,
    );
  return error(
    check,
    `${host} is not reached (${code})`,
    expected,
    `correct ${option}; try curl -v to it from this machine`,
  );
}

/** The innermost code that tells: several addresses that were tried fail together. */
function codeIn(cause: unknown): string {
  const {
    code,
    name,
    errors,
    cause: inner,
  } = cause as { code?: unknown; name?: string; errors?: unknown[]; cause?: unknown };
  // A DOMException, which a signal rejects with, has a number there.
  if (typeof code === 'string') return code;
  if (errors?.[0] !== undefined) return codeIn(errors[0]);
  return inner === undefined ? (name ?? 'unknown error') : codeIn(inner);
}

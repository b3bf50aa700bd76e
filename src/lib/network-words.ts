import { causesOf } from './causes-of.ts';
import type { Told } from './operator-error.ts';
import { timeoutCodes } from './timeout-codes.ts';

const names = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA']);
const timeouts = new Set([...timeoutCodes, 'AbortError']);
const others =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EPROTO|UND_ERR_\w+|HPE_\w+)$/;
const certificates = /CERT|TLS|SSL|SELF_SIGNED|ISSUER|ALTNAME/;

/** Who was asked. */
export interface Asked {
  /** With its port, where that is known. */
  readonly host: string;
  /** The option in which its address stands. */
  readonly option: string;
}

/** Why a server was not reached, and what helps, by the codes of Node, OpenSSL and undici. */
export function networkWords(cause: unknown, { host, option }: Asked): Told {
  const code = innermostCode(cause);
  const expected = `an answer from ${host}`;
  if (names.has(code))
    return {
      found: `the name ${host} does not resolve (${code})`,
      expected,
      todo: `correct ${option}, or the name server of this machine (resolvectl query ${host})`,
    };
  if (certificates.test(code))
    return {
      found: `TLS with ${host} fails (${code})`,
      expected: 'a certificate for that name from a known authority',
      todo: code.includes('ALTNAME')
        ? `${option}: the certificate is for another name; a bucket with dots in its name needs addressing: path`
        : `correct ${option}, or have the certificate renewed; for an authority of one's own start node with NODE_EXTRA_CA_CERTS`,
    };
  if (timeouts.has(code))
    return {
      found: `${host} does not answer in time (${code})`,
      expected,
      todo: 'look at firewalls and routes: curl -v to it from this machine; or the server hangs',
    };
  if (code === 'ECONNREFUSED')
    return {
      found: `nothing listens at ${host} (${code})`,
      expected,
      todo: `correct host and port in ${option}, or start that server`,
    };
  return {
    found: `${host} is not reached (${code})`,
    expected,
    todo: `correct ${option}; try curl -v to it from this machine`,
  };
}

/** Whether an error tells of a network at all. */
export function isOfNetwork(cause: unknown): boolean {
  const code = innermostCode(cause);
  return names.has(code) || timeouts.has(code) || others.test(code) || certificates.test(code);
}

/** The innermost code that tells: several addresses that were tried fail together. */
export function innermostCode(cause: unknown): string {
  let name: string | undefined;
  for (const error of causesOf(cause) as Iterable<{ code?: unknown; name?: string }>) {
    // A DOMException, which a signal rejects with, has a number there.
    if (typeof error.code === 'string') return error.code;
    name = error.name;
  }
  return name ?? 'unknown error';
}

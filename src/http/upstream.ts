import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Field } from './hop-by-hop.ts';

/** Methods for which no Content-Length means no body (RFC 9110 §8.6), as Node sees it too. */
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** What the head of an answer may have, in bytes: Mastodon sets cookies and a long Content-Security-Policy. */
const maxHeadBytes = 64 * 1024;

export interface UpstreamRequest {
  readonly method: string;
  /** Goes out as it stands. */
  readonly path: string;
  /** All of them, Host included; what the connection needs is added. */
  readonly fields: readonly Field[];
}

/** One of Mastodon's servers. */
export class Upstream {
  readonly #url: URL;
  readonly #secure: boolean;
  readonly #agent: HttpAgent;

  /** @param url scheme, host and port. */
  constructor(url: string) {
    this.#url = new URL(url);
    this.#secure = this.#url.protocol === 'https:';
    // Puma closes connections that are idle. One that is closed as a POST goes out would lose it: it cannot be sent twice.
    const options = { keepAlive: false, maxSockets: Number.POSITIVE_INFINITY };
    this.#agent = this.#secure ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** Begins a request on a connection of its own. It is sent once, and its owner ends or destroys it. */
  begin({ method, path, fields }: UpstreamRequest): ClientRequest {
    const { hostname, port } = this.#url;
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const options = {
      host,
      port,
      method,
      path,
      headers: fields.flat(),
      agent: this.#agent,
      maxHeaderSize: maxHeadBytes,
    };
    return this.#secure ? httpsRequest({ ...options, servername: host }) : httpRequest(options);
  }
}

/** Whether a body comes with a request, and the fields that tell its length to the next hop, if they do not come by themselves. */
export function bodyOf(request: IncomingMessage): { readonly expected: boolean; readonly fields: readonly Field[] } {
  const { headers, method = '' } = request;
  if (headers['transfer-encoding'] !== undefined) return { expected: true, fields: [['Transfer-Encoding', 'chunked']] };
  if (headers['content-length'] !== undefined) return { expected: Number(headers['content-length']) > 0, fields: [] };
  const { stream } = request as unknown as Partial<Http2ServerRequest>;
  // Over HTTP/2 the length may be left out.
  if (stream && !stream.endAfterHeaders) return { expected: true, fields: [['Transfer-Encoding', 'chunked']] };
  return { expected: false, fields: bodiless.has(method) ? [] : [['Content-Length', '0']] };
}

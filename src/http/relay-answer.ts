import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { endToEnd, fieldsOf } from './hop-by-hop.ts';

/**
 * Gives an upstream's answer to a client as it comes, piece by piece. One that breaks off breaks the client's off too, and a client that
 * leaves ends it.
 *
 * @throws when its head is one that cannot be sent on; nothing was sent then.
 */
export function relayAnswer(answer: IncomingMessage, response: ServerResponse, taken: (bytes: number) => void): void {
  const { statusCode = 502, statusMessage = '' } = answer;
  try {
    response.statusCode = statusCode;
    // HTTP/2 has none.
    if (response.req.httpVersionMajor === 1 && /^[\t\x20-\x7e\x80-\xff]+$/.test(statusMessage))
      response.statusMessage = statusMessage;
    for (const [name, value] of endToEnd(fieldsOf(answer.rawHeaders))) response.appendHeader(name, value);
  } catch (error) {
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    response.statusMessage = '';
    throw error;
  }
  // What has no length may wait for its first byte for long: a stream of events.
  const empty = response.req.method === 'HEAD' || statusCode === 204 || statusCode === 304;
  if (!empty && answer.headers['content-length'] === undefined) sendHead(response);
  answer.on('data', (chunk: Buffer) => taken(chunk.length));
  // How it ended, its owner sees at the response.
  pipeline(answer, response, () => undefined);
}

/** Not `flushHeaders` over HTTP/1.1: that writes the bytes of fields as UTF-8, and each of them that is not ASCII becomes two. */
function sendHead(response: ServerResponse): void {
  if (response.req.httpVersionMajor === 1) response.write('', 'latin1');
  else response.flushHeaders();
}

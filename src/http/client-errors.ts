import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { refusalHeaders } from './answer-headers.ts';

/** Statuses of what Node's parser refuses, by its error codes; anything else is a bad request. */
const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what could not be parsed as our other refusals, and ends the connection: where the next request begins is not known. */
export function refuseUnparsed(error: Error & { code?: string }, socket: Socket, cors: string): void {
  // Node keeps the answer that is being written on the socket; in its middle nothing can be said any more.
  const { _httpMessage: answering } = socket as Socket & { _httpMessage?: { headersSent: boolean } | null };
  if (!socket.writable || error.code === 'ECONNRESET' || answering?.headersSent) {
    socket.destroy();
    return;
  }
  const status = statuses[error.code ?? ''] ?? 400;
  const headers = Object.entries({ ...refusalHeaders(cors), connection: 'close', 'content-length': '0' });
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', ''].join('\r\n'));
}

/** `Expect` other than `100-continue` (RFC 9110 §10.1.1). */
export function refuseExpectations(server: Server, cors: string): void {
  server.on('checkExpectation', ({ httpVersionMajor }, response) => {
    const close = httpVersionMajor === 1 ? { connection: 'close' } : {};
    response.writeHead(417, { ...refusalHeaders(cors), ...close, 'content-length': '0' }).end();
  });
}

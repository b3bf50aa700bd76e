import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A server that stands for Mastodon's web and streaming servers at once. */
export interface MastodonStub {
  readonly port: number;
  /** What came, oldest first; upgrades too. */
  readonly seen: { method: string; url: string; headers: IncomingHttpHeaders; bodyMd5: string | undefined }[];
  /** Answers under /api/v1/streaming that are still open: streams of events. */
  readonly events: ServerResponse[];
  close(): Promise<void>;
}

/**
 * Answers requests with what it saw of them, streams with headers and then nothing, and WebSockets with whatever text they send
 * (RFC 6455, text frames of less than 126 bytes).
 */
export async function mastodonStub(): Promise<MastodonStub> {
  const seen: MastodonStub['seen'] = [];
  const events: ServerResponse[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    if (url.startsWith('/api/v1/streaming/')) {
      seen.push({ method, url, headers, bodyMd5: undefined });
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      events.push(response);
      return;
    }
    const hash = createHash('md5');
    for await (const piece of request) hash.update(piece);
    seen.push({ method, url, headers, bodyMd5: hash.digest('hex') });
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.end('a page');
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', ({ method = '', url = '', headers }, socket: Socket) => {
    seen.push({ method, url, headers, bodyMd5: undefined });
    socket.on('error', () => {}); // who leaves just leaves
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const protocol = headers['sec-websocket-protocol'];
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept}`,
      ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.on('data', (frame: Buffer) => {
      if ((frame[0]! & 0x0f) === 1) socket.write(textFrame(textOf(frame)));
      else socket.end(frame.subarray(0, 1));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    events,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A whole text frame. A client has to mask it; the mask here is zero, which leaves it as it is. */
export function textFrame(text: string, { masked = false } = {}): Buffer {
  const payload = Buffer.from(text);
  const mask = masked ? [0, 0, 0, 0] : [];
  return Buffer.concat([Buffer.from([0x81, (masked ? 0x80 : 0) | payload.length, ...mask]), payload]);
}

/** The text of a whole frame, of either side. */
export function textOf(frame: Buffer): string {
  const length = frame[1]! & 0x7f;
  if ((frame[1]! & 0x80) === 0) return frame.toString('utf8', 2, 2 + length);
  const mask = frame.subarray(2, 6);
  return Buffer.from(frame.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]!)).toString();
}

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';

/** A request that one of Mastodon's servers got. */
export interface Arrived {
  readonly method: string;
  /** As it stood in the request line. */
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingHttpHeaders;
  /** Of the body, once it has come. */
  md5: string | undefined;
  bytes: number;
  /** The client's side was gone before the answer had ended. */
  left: boolean;
}

/** A small server in Mastodon's place: what it answers, the path decides. */
export interface Mastodon extends AsyncDisposable {
  readonly url: string;
  readonly arrived: Arrived[];
  /** WebSockets that are open. */
  readonly sockets: Set<WebSocket>;
  /** How WebSockets were closed, by their code. */
  readonly closes: number[];
  /** Sends an event to whoever reads /api/v1/streaming/public. */
  event(text: string): void;
  /** Bytes of /flood that were written so far. */
  flooded(): number;
  last(): Arrived;
  close(): Promise<void>;
}

export async function mastodon(): Promise<Mastodon> {
  const arrived: Arrived[] = [];
  const listeners = new Set<ServerResponse>();
  const sockets = new Set<WebSocket>();
  const closes: number[] = [];
  let flooded = 0;
  const server = createServer(async (request, response) => {
    const one = note(request);
    arrived.push(one);
    response.once('close', () => {
      one.left = !response.writableFinished;
    });
    const path = (request.url ?? '').split('?')[0];
    if (path === '/hang') return;
    if (path === '/refuse-upload') {
      // As nginx does: what still comes is read and thrown away. A connection that is closed on unread bytes is reset, and the answer may go with it.
      response.shouldKeepAlive = true;
      return void response.writeHead(413, { 'content-length': '4' }).end('much');
    }
    const hash = createHash('md5');
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      one.bytes += chunk.length;
    });
    // A client that leaves never ends it, and nobody is to be answered.
    await new Promise((ended) => request.once('end', ended));
    one.md5 = hash.digest('hex');
    if (path === '/api/v1/streaming/public') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'private, no-store' });
      response.flushHeaders();
      listeners.add(response);
      response.once('close', () => listeners.delete(response));
    } else if (path === '/head') {
      response.writeHead(201, 'Very Created', [
        ...['Set-Cookie', 'a=1; path=/', 'Set-Cookie', 'b=2; HttpOnly', 'Link', '<https://x/>; rel="next"'],
        ...['Link', '</y>; rel="prev"', 'Content-Security-Policy', "default-src 'self'", 'X-Runtime', '0.1'],
        ...['Server', 'Mastodon', 'Connection', 'X-Hop', 'X-Hop', 'mine', 'Content-Length', '2'],
      ]);
      response.end('ok');
    } else if (path === '/name') {
      response.writeHead(200, { 'x-name': Buffer.from('Zoë').toString('latin1') });
      response.end('of no length that is told before');
    } else if (path === '/break') {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('some of it');
      await sleep(50);
      response.destroy();
    } else if (path === '/flood') {
      response.writeHead(200);
      const piece = Buffer.alloc(64 * 1024, 'x');
      while (!response.destroyed && flooded < 500_000_000) {
        flooded += piece.length;
        if (!response.write(piece)) await once(response, 'drain');
      }
    } else response.end(`${request.method} ${request.url}`);
  });
  const webSockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (protocols) => [...protocols][0] ?? false,
  });
  server.on('upgrade', (request, socket, head) => {
    arrived.push(note(request));
    if (request.url?.includes('unauthorised'))
      return void socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 12\r\nX-Why: token\r\n\r\nno such user');
    if (request.url?.includes('hang')) return;
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.add(webSocket);
      webSocket.on('error', () => undefined);
      webSocket.on('close', (code) => {
        sockets.delete(webSocket);
        closes.push(code);
      });
      webSocket.on('message', (data, binary) => {
        if (String(data) === 'close me') webSocket.close(4001, 'as you like');
        else webSocket.send(data, { binary });
      });
    });
  });
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    if (!server.listening) return;
    server.close();
    for (const socket of connections) socket.destroy();
    await once(server, 'close');
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    sockets,
    closes,
    event: (text) => {
      for (const response of listeners) response.write(text);
    },
    flooded: () => flooded,
    last: () => arrived.at(-1)!,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function note({ method = '', url = '', rawHeaders, headers }: IncomingMessage): Arrived {
  return { method, url, rawHeaders, headers, md5: undefined, bytes: 0, left: false };
}

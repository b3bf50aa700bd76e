import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';

export interface HostileServer extends AsyncDisposable {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  /** Request lines and headers that came, oldest first. */
  readonly seen: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[];
  /** Connections that are open now. */
  connections(): Promise<number>;
}

/** A web server that answers with the bytes that `answer` writes to the socket, whatever HTTP says of them. */
export async function hostileServer(
  answer: (socket: Socket, request: IncomingMessage) => unknown,
): Promise<HostileServer> {
  const seen: HostileServer['seen'] = [];
  const server = createServer((request) => {
    const { method, url, headers } = request;
    seen.push({ method, url, headers });
    request.socket.on('error', () => undefined);
    answer(request.socket, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () =>
      new Promise((resolve, reject) => server.getConnections((error, n) => (error ? reject(error) : resolve(n)))),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A port that takes connections and never says anything. */
export async function silentServer(): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => void sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { ListenerSection } from '../config/listeners.ts';
import type { CertificatePair } from '../lib/certificate-pair.ts';
import { refuseUnparsed } from './client-errors.ts';
import type { Drainable } from './drain.ts';
import { Http2Response } from './http2-response.ts';
import { hostOf, plainHost, siteFor } from './site-for.ts';
import { decideUpgrades, renew, socketServer, takesUpgrade } from './socket-server.ts';
import { TlsFiles } from './tls-files.ts';

/** A part of the program that answers for some hosts. */
export interface Site extends ListenerSection {
  /** Made as if it were to listen itself; it never does, and its server is handed what is for it. */
  readonly app: FastifyInstance;
}

export interface FrontOptions {
  /** All with one `listen`, and all with TLS or all without. A host that two have is the first one's. */
  readonly sites: readonly Site[];
  readonly renewed: (listener: Site['name'], pair: CertificatePair) => void;
  readonly notRenewed: (listener: Site['name'], error: unknown) => void;
}

/**
 * One socket before one or several sites: speaks TLS and HTTP/2 for them, and hands each request to the site of its host. A client may
 * ask for any host on any connection whose certificate is right for it (RFC 9110 §7.4): what nobody here has, or has over this protocol,
 * is misdirected.
 */
export class Front implements Drainable {
  readonly #sites: readonly Site[];
  readonly #files: ReadonlyMap<Site, TlsFiles>;
  readonly #sockets = new Set<Socket>();
  /** Connections by their other end, as long as their handshake is under way. */
  readonly #shaking = new Map<string, Socket>();
  readonly #real: Server;
  #closing = false;

  private constructor(sites: readonly Site[], files: ReadonlyMap<Site, TlsFiles>, real: Server) {
    this.#sites = sites;
    this.#files = files;
    this.#real = real;
    this.#bound();
    this.#dispatch();
  }

  /** @throws what keeps a certificate from being used. */
  static async open({ sites, renewed, notRenewed }: FrontOptions): Promise<Front> {
    const files = new Map<Site, TlsFiles>();
    let real: Server | undefined;
    try {
      for (const site of sites) {
        if (!site.tls) continue;
        const opened = await TlsFiles.open({
          ...site.tls,
          renewed: (pair) => {
            if (site === sites[0] && real) renew(real, pair);
            renewed(site.name, pair);
          },
          failed: (error) => notRenewed(site.name, error),
        });
        files.set(site, opened);
        renewed(site.name, opened.pair);
      }
      real = serverFor(sites, files);
      return new Front(sites, files, real);
    } catch (error) {
      for (const opened of files.values()) opened.close();
      throw error;
    }
  }

  /** The port that it is bound to. */
  async listen(): Promise<number> {
    for (const { app } of this.#sites) await app.ready();
    this.#real.listen(this.#sites[0]!.listen);
    await once(this.#real, 'listening');
    return (this.#real.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const files of this.#files.values()) files.close();
    const closed = new Promise<void>((resolve) => this.#real.close(() => resolve()));
    await Promise.all([closed, ...this.#sites.map(({ app }) => app.close())]);
  }

  readonly server = {
    closeIdleConnections: () => {
      this.#real.closeIdleConnections();
      for (const socket of this.#shaking.values()) socket.destroy();
    },
    closeAllConnections: () => {
      for (const socket of this.#sockets) socket.destroy();
    },
  };

  /** Before its host is known, a connection is everybody's: it is bounded by what the most generous site allows. */
  #bound(): void {
    const servers = this.#sites.map(({ app }) => app.server);
    const real = this.#real;
    real.keepAliveTimeout = Math.max(...servers.map((server) => server.keepAliveTimeout));
    real.headersTimeout = headersMs(this.#sites);
    real.requestTimeout = most(servers.map((server) => server.requestTimeout));
    real.setTimeout(most(servers.map((server) => server.timeout)));
    real.maxConnections = servers.reduce((sum, server) => sum + server.maxConnections, 0);
    const keep = (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    };
    real.on('connection', (socket: Socket) => {
      keep(socket);
      if (this.#files.size === 0) return;
      const other = endOf(socket);
      this.#shaking.set(other, socket);
      socket.once('close', () => this.#shaking.delete(other));
    });
    real.on('secureConnection', (socket: Socket) => {
      keep(socket);
      this.#shaking.delete(endOf(socket));
    });
    // Node tells those that are there when it closes, and nobody whose handshake ends after that.
    real.on('session', (session: ServerHttp2Session) => {
      if (this.#closing) session.close();
    });
  }

  #dispatch(): void {
    const real = this.#real;
    for (const event of ['request', 'checkContinue', 'checkExpectation'] as const) {
      real.on(event, (request: IncomingMessage, response: ServerResponse) => this.#hand(event, request, response));
    }
    decideUpgrades(real, (request) => {
      const site = this.#siteOf(request);
      return site !== undefined && takesUpgrade(site.app.server as Server, request);
    });
    real.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#siteOf(request)?.app.server.emit('upgrade', request, socket, head);
    });
    real.on('clientError', (error: Error, socket: Socket) => {
      const { servername } = socket as Partial<TLSSocket>;
      const site = siteFor(this.#sites, servername ? plainHost(servername) : undefined) ?? this.#sites[0];
      if (!site?.app.server.emit('clientError', error, socket)) refuseUnparsed(error, socket, 'null');
    });
  }

  #hand(
    event: 'request' | 'checkContinue' | 'checkExpectation',
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const site = this.#siteOf(request);
    const overHttp2 = request.httpVersionMajor === 2;
    if (!site || (overHttp2 && !site.tls?.http2)) {
      misdirected(request, response);
      return;
    }
    const answer: unknown = response;
    if (answer instanceof Http2Response) answer.cutWhenStalled(site.app.server.timeout);
    const { server } = site.app;
    if (server.emit(event, request, response)) return;
    if (event === 'checkExpectation') return void response.writeHead(417).end();
    if (event === 'checkContinue') response.writeContinue();
    server.emit('request', request, response);
  }

  /** The only site answers for itself, also to strange hosts. */
  #siteOf(request: IncomingMessage): Site | undefined {
    const [only, ...others] = this.#sites;
    return others.length === 0 ? only : siteFor(this.#sites, hostOf(request));
  }
}

function serverFor(sites: readonly Site[], files: ReadonlyMap<Site, TlsFiles>): Server {
  const siteOf = (name: string | undefined) => handshakeSite(sites, name);
  const first = files.get(sites[0]!);
  if (!first) return socketServer();
  return socketServer({
    pair: first.pair,
    contextOf: (name) => files.get(siteOf(name))?.context,
    http2: (name) => siteOf(name).tls?.http2 === true,
    anyHttp2: sites.some(({ tls }) => tls?.http2),
    timeoutMs: headersMs(sites),
  });
}

/** Whose certificate and protocols a handshake meets. `name` is undefined where the client names no host; then it is the first's. */
function handshakeSite(sites: readonly Site[], name: string | undefined): Site {
  return (name === undefined ? undefined : siteFor(sites, plainHost(name))) ?? sites[0]!;
}

/** RFC 9110 §15.5.20. A client that came here because it could, and not because the name led here, asks again elsewhere. */
function misdirected({ httpVersionMajor }: IncomingMessage, response: ServerResponse): void {
  const text = '421 Misdirected Request: no such host here\n';
  const headers = { 'content-type': 'text/plain', 'cache-control': 'no-store', 'content-length': text.length };
  // Whether a body comes that nobody asked for is not known (RFC 9110 §10.1.1): another connection for what is asked next.
  response.writeHead(421, httpVersionMajor === 1 ? { ...headers, connection: 'close' } : headers).end(text);
}

function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** How long request headers may take: Node holds a server to the shorter of two times. */
function headersMs(sites: readonly Site[]): number {
  return most(
    sites.map(({ app: { server } }) =>
      server.requestTimeout > 0 ? Math.min(server.headersTimeout, server.requestTimeout) : server.headersTimeout,
    ),
  );
}

/** Of times of which 0 is without end. */
function most(times: readonly number[]): number {
  return times.includes(0) ? 0 : Math.max(...times);
}

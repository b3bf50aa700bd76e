import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { CertificatePair } from '../lib/certificate-pair.ts';
import { Http2Response } from './http2-response.ts';
import { contextOptions } from './tls-files.ts';

/** What a socket server does before a request is there to be read. */
export interface Handshakes {
  /** For clients that name no host. */
  readonly pair: CertificatePair;
  /** Undefined: as for clients that name none. */
  readonly contextOf: (serverName: string) => SecureContext | undefined;
  /** Whether HTTP/2 is offered; `serverName` is undefined where the client names no host. */
  readonly http2: (serverName: string | undefined) => boolean;
  readonly anyHttp2: boolean;
  readonly timeoutMs: number;
}

/** Requests at once on one connection (RFC 9113 §6.5.2 wants no less). */
const maxStreams = 100;
/** What a connection may hold in memory, in MB (10^6 bytes). */
const maxSessionMegabytes = 10;

/** A server for one socket, which is handed no requests yet. Its bounds are the caller's to set. */
export function socketServer(handshakes?: Handshakes): Server {
  if (!handshakes) return createServer({ requireHostHeader: false });
  const { pair, contextOf, http2, timeoutMs } = handshakes;
  const tls = {
    ...contextOptions(pair),
    handshakeTimeout: timeoutMs,
    requireHostHeader: false,
    SNICallback: (name: string, done: (error: Error | null, context?: SecureContext) => void) =>
      done(null, contextOf(name)),
    ALPNCallback: ({ servername, protocols }: { servername: string; protocols: string[] }) => {
      const offered = http2(servername || undefined) ? ['h2', 'http/1.1'] : ['http/1.1'];
      return offered.find((protocol) => protocols.includes(protocol));
    },
  };
  if (!handshakes.anyHttp2) return withoutNoise(createTlsServer(tls));
  const server = createSecureServer({
    ...tls,
    allowHTTP1: true,
    Http2ServerResponse: Http2Response,
    maxSessionMemory: maxSessionMegabytes,
    settings: { maxConcurrentStreams: maxStreams },
  });
  return withoutNoise(server as unknown as Server);
}

/** A handshake that fails ends its connection: there is nobody to answer in HTTP. */
function withoutNoise(server: Server): Server {
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  return server;
}

/** Replaces what clients meet that name no host. */
export function renew(server: Server, pair: CertificatePair): void {
  (server as unknown as Http2SecureServer).setSecureContext(contextOptions(pair));
}

type Deciding = Server & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean };

/** Node asks it whether a request to upgrade is to be taken as one. */
export function decideUpgrades(server: Server, decide: (request: IncomingMessage) => boolean): void {
  (server as Deciding).shouldUpgradeCallback = decide;
}

/** What a server would decide of a request; left to itself, it takes all or none. */
export function takesUpgrade(server: Server, request: IncomingMessage): boolean {
  return (server as Deciding).shouldUpgradeCallback?.(request) ?? false;
}

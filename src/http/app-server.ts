import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Logger } from 'pino';
import type { AppConfig } from '../config/app-schema.ts';
import type { Config } from '../config/schema.ts';
import type { ReadThrough } from '../media/read-through.ts';
import { AccessLog, type AccessRecord } from './access-log.ts';
import { AppProxy, type AppProxyOptions } from './app-proxy.ts';
import { refuseInstead } from './app-refusal.ts';
import { type AppSite, appRoutes, appTarget } from './app-target.ts';
import { refuseExpectations, refuseUnparsed } from './client-errors.ts';
import { MediaHandler, type PurgeRecord } from './media-handler.ts';
import { PurgeSecret } from './purge-secret.ts';
import { decideUpgrades } from './socket-server.ts';
import { TrustedPeers } from './trusted-peers.ts';
import { Upstream } from './upstream.ts';

export interface AppServerOptions extends Pick<AppProxyOptions, 'passed' | 'moved' | 'webSockets' | 'farewellMs'> {
  /** Slices of the configuration; durations in milliseconds. */
  readonly app: AppConfig;
  readonly read: Pick<Config['read'], 'routes' | 'cors' | 'purge'>;
  readonly reads: Pick<ReadThrough, 'find' | 'purge'>;
  readonly logger: Logger;
  /** Told of every answer of the read path. */
  readonly answered: (record: AccessRecord) => void;
  readonly purged: (purge: PurgeRecord) => void;
}

/** The app host: the media of its own name are served here, everything else is Mastodon's. */
export function createAppServer(options: AppServerOptions): FastifyInstance {
  const { app: config, read } = options;
  const app = appFastify(config, read.cors);
  const site: AppSite = {
    hosts: config.hosts,
    routes: appRoutes(read.routes),
    streaming: config.streaming !== undefined,
  };
  const log = new AccessLog(options.answered);
  const media = new MediaHandler({
    routes: site.routes,
    cors: read.cors,
    reads: options.reads,
    purged: options.purged,
    ...(read.purge && { purgeSecret: new PurgeSecret(read.purge) }),
  });
  const proxy = new AppProxy({
    web: new Upstream(config.web),
    streaming: config.streaming === undefined ? undefined : new Upstream(config.streaming),
    peers: new TrustedPeers(config.trustProxy),
    answerWithinMs: config.answerWithin,
    stallMs: config.stallTimeout,
    farewellMs: options.farewellMs,
    moved: options.moved,
    passed: options.passed,
    webSockets: options.webSockets,
  });
  const server = app.server as Server;
  refuseExpectations(server, read.cors);
  // Mastodon says whether it wants a body, not Node.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  // In a hook, so that methods which fastify does not know meet it too, and nobody parses a body.
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const { raw, originalUrl } = request;
    const target = appTarget(raw, originalUrl, site);
    if (target.kind === 'media') {
      if (raw.headers.expect !== undefined) reply.raw.writeContinue();
      await media.handle(request, reply, log.begin(request, reply));
    } else {
      reply.hijack();
      proxy.handle(raw, reply.raw, originalUrl, target);
    }
    return reply;
  });
  // Whatever else one may upgrade to (h2c) is declined: the request is answered as if it had not asked (RFC 9110 §7.8).
  const webSocketTarget = (request: IncomingMessage) => {
    if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') return undefined;
    const target = appTarget(request, request.url ?? '', site);
    return target.kind === 'upstream' ? target : undefined;
  };
  decideUpgrades(server, (request) => webSocketTarget(request) !== undefined);
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const target = webSocketTarget(request);
    if (target) proxy.upgrade(request, socket, head, target);
    else socket.destroy();
  });
  app.addHook('preClose', async () => proxy.goAway());
  app.all('/', () => undefined);
  app.setNotFoundHandler(() => undefined);
  app.setErrorHandler((error, request, reply) => {
    options.logger.error({ error }, 'a request to the app host failed in an unexpected way');
    reply.hijack();
    if (reply.raw.headersSent) reply.raw.destroy();
    else refuseInstead(request.raw, reply.raw as ServerResponse, 500);
  });
  return app;
}

function appFastify(config: AppConfig, cors: string): FastifyInstance {
  const app = fastify({
    logger: false,
    trustProxy: config.trustProxy.length === 0 ? false : config.trustProxy,
    keepAliveTimeout: config.keepAliveTimeout,
    // A body may take hours; silence is what the other times are for.
    requestTimeout: 0,
    connectionTimeout: config.stallTimeout,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    http: { requireHostHeader: false, headersTimeout: config.requestTimeout },
    clientErrorHandler: (error, socket) => refuseUnparsed(error, socket, cors),
    exposeHeadRoutes: false,
    rewriteUrl: () => '/',
    genReqId: () => '',
  });
  app.server.maxConnections = config.maxConnections;
  return app;
}

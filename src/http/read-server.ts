import type { Server } from 'node:http';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import type { ReadThrough } from '../media/read-through.ts';
import { AccessLog, type AccessRecord } from './access-log.ts';
import { refuseExpectations, refuseUnparsed } from './client-errors.ts';
import { MediaHandler, type PurgeRecord } from './media-handler.ts';
import type { PublicStatus } from './public-status.ts';
import { PurgeSecret } from './purge-secret.ts';
import { sendRefusal } from './refusal.ts';

export interface ReadServerOptions {
  /** The slice of the configuration; durations in milliseconds. */
  readonly read: Config['read'];
  readonly reads: Pick<ReadThrough, 'find' | 'purge'>;
  readonly logger: Logger;
  /** Told of every answer. */
  readonly answered: (record: AccessRecord) => void;
  /** Told of every purge that was asked for, before it is answered. */
  readonly purged: (purge: PurgeRecord) => void;
  /** Undefined: everybody sees nothing of the move. */
  readonly publicStatus?: PublicStatus | undefined;
}

/** The read host. Every request, whatever its path, meets one handler: the router never sees what a stranger wrote. */
export function createReadServer(options: ReadServerOptions): FastifyInstance {
  const { read } = options;
  const app = fastify({
    logger: false,
    trustProxy: read.trustProxy.length === 0 ? false : read.trustProxy,
    keepAliveTimeout: read.keepAliveTimeout,
    requestTimeout: read.requestTimeout,
    connectionTimeout: read.stallTimeout,
    forceCloseConnections: 'idle',
    // What comes on a connection that is kept while the program stops is answered too, and is the last there.
    return503OnClosing: false,
    http: { requireHostHeader: false },
    clientErrorHandler: (error, socket) => refuseUnparsed(error, socket, read.cors),
    exposeHeadRoutes: false,
    rewriteUrl: () => '/',
    genReqId: () => '',
  });
  app.server.maxConnections = read.maxConnections;
  refuseExpectations(app.server as Server, read.cors);
  const log = new AccessLog(options.answered);
  const media = new MediaHandler({
    routes: read.routes,
    cors: read.cors,
    reads: options.reads,
    purged: options.purged,
    ...(read.purge && { purgeSecret: new PurgeSecret(read.purge) }),
  });
  // In a hook, so that methods which fastify does not know and bodies that nobody wants meet it too.
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const record = log.begin(request, reply);
    if (!(await options.publicStatus?.handle(request, reply, record))) await media.handle(request, reply, record);
    return reply;
  });
  app.all('/', () => undefined);
  app.setNotFoundHandler(() => undefined);
  app.setErrorHandler((error, _request, reply) => {
    options.logger.error({ error }, 'a read failed in an unexpected way');
    sendRefusal(reply, read.cors, 500);
  });
  return app;
}

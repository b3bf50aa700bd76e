import type { Server } from 'node:http';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Logger } from 'pino';
import type { ReadThrough } from '../media/read-through.ts';
import { AccessLog, type AccessRecord } from './access-log.ts';
import { MediaHandler } from './media-handler.ts';
import { sendRefusal } from './refusal.ts';

export interface ReadServerOptions {
  readonly routes: readonly { host: string; prefix: string }[];
  readonly trustProxy: readonly string[];
  readonly keepAliveTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly maxConnections: number;
  readonly cors: string;
  readonly reads: Pick<ReadThrough, 'find'>;
  readonly logger: Logger;
  /** Told of every answer. */
  readonly answered: (record: AccessRecord) => void;
}

/** The read host. Every request, whatever its path, meets one handler: the router never sees what a stranger wrote. */
export function createReadServer(options: ReadServerOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    trustProxy: options.trustProxy.length === 0 ? false : [...options.trustProxy],
    keepAliveTimeout: options.keepAliveTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    connectionTimeout: options.stallTimeoutMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    rewriteUrl: () => '/',
    genReqId: () => '',
  });
  (app.server as Server).maxConnections = options.maxConnections;
  const log = new AccessLog(options.answered);
  const media = new MediaHandler(options);
  // In a hook, so that methods which fastify does not know and bodies that nobody wants meet it too.
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const record = log.begin(request, reply);
    await media.handle(request, reply, record);
    return reply;
  });
  app.all('/', () => undefined);
  app.setNotFoundHandler(() => undefined);
  app.setErrorHandler((error, _request, reply) => {
    options.logger.error({ error }, 'a read failed in an unexpected way');
    sendRefusal(reply, options.cors, 500);
  });
  return app;
}

import { type FastifyInstance, fastify } from 'fastify';
import { onlyUnder } from './admin-hosts.ts';

export interface AdminServerOptions {
  /** Its own names in the public DNS, in lower case. Left out: it has none. */
  readonly hosts?: readonly string[];
  readonly metrics: { contentType: string; metrics(): Promise<string> };
  /** Why the program cannot do its work now; empty: it can. */
  readonly notReady: () => readonly string[];
  /** What else it answers. */
  readonly routes?: readonly AdminRoutes[];
}

/** Adds routes of its own, before the listener is opened. */
export type AdminRoutes = (app: FastifyInstance) => void;

/** `/metrics`, `/livez`, `/readyz`, and the routes of others: for the operator's own machines, never for the public. */
export function createAdminServer(options: AdminServerOptions): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });
  onlyUnder(options.hosts ?? [], app);
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  app.get('/metrics', async (_request, reply) => {
    reply.type(options.metrics.contentType);
    return await options.metrics.metrics();
  });
  app.get('/livez', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const reasons = options.notReady();
    return await reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
  });
  for (const add of options.routes ?? []) add(app);
  return app;
}

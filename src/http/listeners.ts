import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/schema.ts';
import type { Teardown } from '../lib/teardown.ts';
import { type AdminServerOptions, createAdminServer } from './admin-server.ts';
import { drain } from './drain.ts';
import { createReadServer, type ReadServerOptions } from './read-server.ts';

export interface ListenersOptions extends Omit<ReadServerOptions, 'read'> {
  readonly config: Pick<Config, 'read' | 'admin' | 'shutdown'>;
  readonly metrics: AdminServerOptions['metrics'];
  readonly notReady: AdminServerOptions['notReady'];
  /** Told where each is bound. */
  readonly listening: (listener: 'read' | 'admin', port: number) => void;
  readonly teardown: Teardown;
}

/** The ports by listener. */
export interface Ports {
  readonly read: number;
  readonly admin: number;
}

/**
 * Opens the admin listener, then the readers'. Stopping goes the other way: not ready any more, no new readers, those under way to
 * their end or the deadline, and the admin listener last, so that it can be asked all the while.
 */
export async function openListeners(options: ListenersOptions): Promise<Ports> {
  const { config, teardown, listening, notReady } = options;
  let draining = false;
  const admin = createAdminServer({
    metrics: options.metrics,
    notReady: () => [...(draining ? ['the program is stopping'] : []), ...notReady()],
  });
  teardown.add('admin listener', () => admin.close());
  const readers = createReadServer({ ...options, read: config.read });
  teardown.add('read listener', () => drain(readers, config.shutdown.drain));
  teardown.add('readiness', () => {
    draining = true;
  });
  const ports = { admin: await opened(admin, config.admin.listen), read: await opened(readers, config.read.listen) };
  listening('admin', ports.admin);
  listening('read', ports.read);
  return ports;
}

async function opened(server: FastifyInstance, at: { host: string; port: number }): Promise<number> {
  await server.listen(at);
  return (server.server.address() as AddressInfo).port;
}

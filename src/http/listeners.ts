import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { ListenAddress } from '../config/listen-address.ts';
import { type ListenerName, type ListenerSections, listenersOf, sharingAddresses } from '../config/listeners.ts';
import type { Config } from '../config/schema.ts';
import type { CertificatePair } from '../lib/certificate-pair.ts';
import type { Teardown } from '../lib/teardown.ts';
import { type AdminServerOptions, createAdminServer } from './admin-server.ts';
import { type Drainable, drain } from './drain.ts';
import { Front, type Site } from './front.ts';
import { createReadServer, type ReadServerOptions } from './read-server.ts';

export interface ListenersOptions extends Omit<ReadServerOptions, 'read'> {
  readonly config: Pick<Config, 'read' | 'admin' | 'shutdown'> & ListenerSections;
  readonly metrics: AdminServerOptions['metrics'];
  readonly notReady: AdminServerOptions['notReady'];
  /** What the admin listener answers beside health and metrics. */
  readonly adminRoutes?: AdminServerOptions['routes'];
  /** What answers for the other sections that the configuration has; none of it listens yet. */
  readonly others: { readonly [name in Exclude<ListenerName, 'read'>]?: FastifyInstance };
  /** Told where each is bound. */
  readonly listening: (listener: ListenerName | 'admin', port: number) => void;
  readonly certificateRenewed: (listener: ListenerName, pair: CertificatePair) => void;
  readonly certificateNotRenewed: (listener: ListenerName, error: unknown) => void;
  readonly teardown: Teardown;
}

/** The ports by listener; those that share a socket have the same. Undefined: there is no such listener. */
export interface Ports {
  readonly read: number;
  readonly admin: number;
  readonly write?: number;
  readonly app?: number;
}

/**
 * Opens the admin listener, then those for clients. Stopping goes the other way: not ready any more, no new requests, those
 * under way to their end or the deadline, and the admin listener last, so that it can be asked all the while.
 */
export async function openListeners(options: ListenersOptions): Promise<Ports> {
  const { config, teardown, listening, notReady } = options;
  let draining = false;
  const admin = createAdminServer({
    hosts: config.admin.hosts,
    metrics: options.metrics,
    notReady: () => [...(draining ? ['the program is stopping'] : []), ...notReady()],
    ...(options.adminRoutes && { routes: options.adminRoutes }),
  });
  teardown.add('admin listener', () => admin.close());
  const apps = { ...options.others, read: createReadServer({ ...options, read: config.read }) };
  const fronts: { names: readonly ListenerName[]; front: Opening }[] = [];
  // At once, so that the deadline is one for all.
  teardown.add('listeners', () => Promise.all(fronts.map(({ front }) => drain(front, config.shutdown.drain))));
  for (const sections of sharingAddresses(listenersOf(config))) {
    const sites = sections.flatMap((section) => {
      const app = apps[section.name];
      return app ? [{ ...section, app }] : [];
    });
    fronts.push({ names: sites.map(({ name }) => name), front: await frontOf(sites, options) });
  }
  teardown.add('readiness', () => {
    draining = true;
  });
  const ports = { admin: await opened(admin, config.admin.listen), read: 0 } as {
    -readonly [name in keyof Ports]: Ports[name];
  };
  listening('admin', ports.admin);
  for (const { names, front } of fronts) {
    const port = await front.listen();
    for (const name of names) {
      ports[name] = port;
      listening(name, port);
    }
  }
  return ports;
}

interface Opening extends Drainable {
  /** The port that it is bound to. */
  listen(): Promise<number>;
}

/** A site that has a socket in plain text for itself needs nothing in front. */
async function frontOf(sites: readonly Site[], options: ListenersOptions): Promise<Opening> {
  const [only, ...others] = sites;
  if (only && !only.tls && others.length === 0) {
    const { app, listen } = only;
    return { close: () => app.close(), server: app.server, listen: () => opened(app, listen) };
  }
  return Front.open({ sites, renewed: options.certificateRenewed, notRenewed: options.certificateNotRenewed });
}

async function opened(server: FastifyInstance, at: ListenAddress): Promise<number> {
  await server.listen(at);
  return (server.server.address() as AddressInfo).port;
}

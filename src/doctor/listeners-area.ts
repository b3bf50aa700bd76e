import { createServer } from 'node:net';
import type { ListenAddress } from '../config/listen-address.ts';
import type { Area } from './area.ts';
import { error, type Finding, ok, warning } from './finding.ts';

export interface ListenerFacts {
  readonly name: string;
  readonly listen: ListenAddress;
  readonly tls: boolean;
  /** How many proxies are trusted; undefined: the listener has no use for that. */
  readonly trusted: number | undefined;
}

export interface ListenersAreaOptions {
  readonly listeners: readonly ListenerFacts[];
  /** Whether a `serve` with this admin listener runs. */
  readonly serveRuns: () => Promise<boolean>;
}

const limitMs = 10_000;

/** Whether the ports are free, or held by ourselves, and who may be in front. */
export function listenersArea({ listeners, serveRuns }: ListenersAreaOptions): Area {
  return {
    name: 'listeners',
    limitMs,
    async *run() {
      const running = await serveRuns();
      for (const listener of listeners) {
        yield await bound(listener, running);
        const exposed = exposure(listener);
        if (exposed) yield exposed;
      }
    },
  };
}

/** S3 clients sign with keys, and without TLS the bytes and the keys' use are open to all on the way. */
export function exposure({ name, listen, tls, trusted }: ListenerFacts): Finding | undefined {
  if (name !== 'write' || tls || trusted !== 0 || isLoopback(listen.host)) return undefined;
  return warning(
    'write.trustProxy',
    'the write host listens beyond this machine without TLS, and trusts no proxy',
    'TLS from the client up to here, and a proxy that tells who asks',
    'set write.tls; or listen on 127.0.0.1 behind nginx; or name the proxy in write.trustProxy',
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

async function bound({ name, listen }: ListenerFacts, running: boolean): Promise<Finding> {
  const check = `${name}.listen`;
  if (listen.port === 0) return ok(check, 'any free port');
  const code = await bindError(listen);
  if (code === undefined) return ok(check, 'free');
  if (code === 'EADDRINUSE' && running) return ok(check, 'held by the serve that runs');
  const at = `${listen.host}:${listen.port}`;
  if (code === 'EADDRINUSE')
    return error(
      check,
      `another program listens at ${at}`,
      'a free port',
      `find it (ss -ltnp 'sport = :${listen.port}'), or take another port`,
    );
  // The kernel asks for the right first; `serve` has it from its unit, or it would not run.
  if (code === 'EACCES' && running) return ok(check, 'held by the serve that runs');
  if (code === 'EACCES')
    return warning(
      check,
      `this user may not listen at ${at} (EACCES)`,
      'the right to use ports below 1024',
      'AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit (all is well if it has that), or a port above 1023 behind a proxy',
    );
  return error(check, `${at} cannot be used (${code})`, 'an address of this machine', `correct ${check} (ip address)`);
}

function bindError({ host, port }: ListenAddress): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once('error', (cause: NodeJS.ErrnoException) => resolve(cause.code ?? 'unknown error'));
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  return promise;
}

import { randomUUID } from 'node:crypto';
import { request } from 'undici';
import { listenersOf } from '../config/listeners.ts';
import type { Config } from '../config/schema.ts';
import { provesAbsence } from '../config/sources-schema.ts';
import type { Area } from '../doctor/area.ts';
import { hostsArea } from '../doctor/hosts-area.ts';
import { listenersArea } from '../doctor/listeners-area.ts';
import { remoteArea } from '../doctor/remote-area.ts';
import { upstreamArea } from '../doctor/upstream-area.ts';
import type { Teardown } from '../lib/teardown.ts';
import { wireRemote } from './wire-remote.ts';

/** A busy one takes a while; in milliseconds, and less than the listeners' area has. */
const ownServeMs = 5000;

/** What the doctor asks of the network, but for the bucket: nothing of it waits for a disk. */
export function elsewhereAreas(config: Config, retired: ReadonlySet<string>, teardown: Teardown): Area[] {
  return [...remotes(config, retired, teardown), hosts(config), listeners(config), upstreams(config)];
}

function remotes({ sources }: Config, retired: ReadonlySet<string>, teardown: Teardown): Area[] {
  return sources.flatMap((source) =>
    source.type === 'disk' || retired.has(source.name)
      ? []
      : remoteArea({
          name: source.name,
          source: () => wireRemote(source, () => ({}), teardown).source,
          missingKey: `_upstairs/check-${randomUUID()}.jpg`,
          canary: source.type === 'http' ? source.canary : undefined,
          provesAbsence: provesAbsence(source),
        }),
  );
}

function hosts(config: Config): Area {
  return hostsArea(listenersOf(config).flatMap(({ hosts }) => hosts));
}

function listeners(config: Config): Area {
  const { admin, write } = config;
  return listenersArea({
    listeners: [
      ...listenersOf(config).map(({ name, listen, tls }) => ({
        name,
        listen,
        tls: tls !== undefined,
        trusted: name === 'write' ? write?.trustProxy.length : undefined,
      })),
      { name: 'admin', listen: admin.listen, tls: false, trusted: undefined },
    ],
    serveRuns: () => serveRuns(config),
  });
}

/** Whether what listens at the admin listener's address is a `serve`. */
async function serveRuns({ admin: { listen } }: Config): Promise<boolean> {
  if (listen.port === 0) return false;
  const host = ['0.0.0.0', '::'].includes(listen.host) ? 'localhost' : listen.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${listen.port}/metrics`;
  try {
    const { body } = await request(url, { signal: AbortSignal.timeout(ownServeMs) });
    return (await body.text()).includes('upstairs_');
  } catch {
    // Nobody is there, or somebody else.
    return false;
  }
}

function upstreams(config: Config): Area {
  const { app } = config;
  const all = app === undefined ? [] : [{ option: 'app.web', url: app.web }];
  if (app?.streaming !== undefined) all.push({ option: 'app.streaming', url: app.streaming });
  return upstreamArea({
    upstreams: all,
    ask: async (url, signal) => {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
      const { statusCode, body } = await request(new URL('/health', url), { signal: deadline });
      await body.dump({ limit: 64 * 1024 });
      return statusCode;
    },
  });
}

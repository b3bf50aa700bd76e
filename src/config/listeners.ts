import type { ListenAddress } from './listen-address.ts';
import type { TlsConfig } from './tls-schema.ts';

/** A section that opens a listener for clients. */
export type ListenerName = 'read' | 'write' | 'app';

/** What of a section decides who shares a socket with whom. */
export interface ListenerSection {
  readonly name: ListenerName;
  readonly listen: ListenAddress;
  readonly tls: TlsConfig | undefined;
  /** Lower case, without ports; `*` is every other. */
  readonly hosts: readonly string[];
}

/** The parts of a configuration that open listeners for clients. */
export interface ListenerSections {
  readonly read?: Section & { readonly routes: readonly { readonly host: string }[] };
  readonly write?: (Section & { readonly hosts: readonly string[] }) | undefined;
  readonly app?: (Section & { readonly hosts: readonly string[] }) | undefined;
}

/** What stands beside them, and may be in their way. */
interface Neighbours {
  readonly admin?: { readonly listen: ListenAddress };
  readonly write?: { readonly bucket?: string | undefined } | undefined;
  readonly bucket?: { readonly name: string };
}

interface Section {
  readonly listen: ListenAddress;
  readonly tls?: TlsConfig | undefined;
}

/**
 * The listeners for clients, in the order in which a host is looked up where they share a socket: media on the app's own host are
 * served by the app host.
 */
export function listenersOf({ read, write, app }: ListenerSections): ListenerSection[] {
  const sections: ListenerSection[] = [];
  if (app) sections.push({ name: 'app', listen: app.listen, tls: app.tls, hosts: app.hosts });
  if (write) sections.push({ name: 'write', listen: write.listen, tls: write.tls, hosts: write.hosts });
  if (read) {
    const hosts = [...new Set(read.routes.map(({ host }) => host))];
    sections.push({ name: 'read', listen: read.listen, tls: read.tls, hosts });
  }
  return sections;
}

/** The sections in groups, each of one socket. */
export function sharingAddresses(sections: readonly ListenerSection[]): ListenerSection[][] {
  const groups: ListenerSection[][] = [];
  for (const section of sections) {
    const group = groups.find(([first]) => first && sameAddress(first.listen, section.listen));
    if (group) group.push(section);
    else groups.push([section]);
  }
  return groups;
}

/** Whether two sections name one socket. Port 0 is another port for each. */
function sameAddress(a: ListenAddress, b: ListenAddress): boolean {
  return a.port !== 0 && a.port === b.port && a.host === b.host;
}

/** Whether who has one of the two keeps the other from being had: a wildcard takes its port of all addresses, `::` of both families. */
function inTheWay(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port === 0 || a.port !== b.port) return false;
  const takes = (one: string, other: string) =>
    one === other || one === '::' || (one === '0.0.0.0' && !other.includes(':'));
  return takes(a.host, b.host) || takes(b.host, a.host);
}

/** What is wrong with where the sections listen, and with those that are to share a socket. */
export function* listenerProblems(
  sections: ListenerSections & Neighbours,
): Generator<{ path: (string | number)[]; message: string }> {
  const all = listenersOf(sections);
  const { admin, bucket } = sections;
  const bucketName = sections.write?.bucket ?? bucket?.name;
  for (const [i, one] of all.entries()) {
    if (admin && inTheWay(one.listen, admin.listen)) {
      yield {
        path: ['admin', 'listen'],
        message: `is the port of ${one.name}.listen: health and metrics need one of their own, which no reader gets to`,
      };
    }
    for (const other of all.slice(i + 1)) {
      if (!sameAddress(one.listen, other.listen)) {
        if (!inTheWay(one.listen, other.listen)) continue;
        yield {
          path: [other.name, 'listen'],
          message: `has the port of ${one.name}.listen, and one of the two is for every address: write both the same, and they share it`,
        };
        continue;
      }
      if ((one.tls === undefined) !== (other.tls === undefined)) {
        const [bare, has] = one.tls ? [other, one] : [one, other];
        yield {
          path: [bare.name, 'tls'],
          message: `is missing, and ${has.name}, which has the same listen, has it: one socket speaks TLS or does not`,
        };
      }
      // The app host serves the media of its own name itself.
      const both =
        other.name === 'read' && one.name === 'app' ? undefined : one.hosts.find((host) => other.hosts.includes(host));
      if (both !== undefined) {
        yield {
          path: [one.name, 'hosts'],
          message: `has a host that ${other.name} has on the same listen: a request to it could be meant for either`,
        };
      }
      const [writing, beside] = one.name === 'write' ? [one, other] : [other, one];
      if (writing.name !== 'write') continue;
      const virtual = writing.hosts.map((host) => `${bucketName}.${host}`).find((host) => beside.hosts.includes(host));
      if (virtual !== undefined) {
        yield {
          path: ['write', 'hosts'],
          message: `make ${virtual} the bucket for S3 clients, and it is a host of ${beside.name} on the same listen: a request to it could be meant for either`,
        };
      }
    }
  }
}

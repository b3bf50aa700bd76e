import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { unlessAborted } from '../lib/unless-aborted.ts';
import type { Area } from './area.ts';
import { type Finding, ok, warning } from './finding.ts';

const limitMs = 20_000;
/** How long one name may take, in milliseconds: a name server that is away is asked twice, 5 s each (resolv.conf(5)). */
const lookupMs = 12_000;

type Lookup = (name: string, options: { all: true }) => Promise<readonly { readonly address: string }[]>;

/** Names that clients are to use: whether anybody can find them. */
export function hostsArea(hosts: readonly string[], { ask = lookup as Lookup, withinMs = lookupMs } = {}): Area {
  const names = [...new Set(hosts)].filter((host) => host !== '*' && isIP(host.replace(/^\[|\]$/g, '')) === 0);
  return {
    name: 'hosts',
    limitMs,
    async *run(signal) {
      yield* await Promise.all(names.map((name) => resolved(name, { ask, withinMs }, signal)));
    },
  };
}

async function resolved(
  name: string,
  { ask, withinMs }: { ask: Lookup; withinMs: number },
  signal: AbortSignal,
): Promise<Finding> {
  const check = `hosts.${name}`;
  try {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
    const addresses = await unlessAborted(ask(name, { all: true }), inTime);
    const mine = new Set(Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)));
    const here = addresses.some(({ address }) => mine.has(address));
    return ok(check, here ? 'leads to this machine' : 'leads to another machine: a proxy or CDN in front?');
  } catch (cause) {
    signal.throwIfAborted();
    if ((cause as { name?: string }).name === 'TimeoutError')
      return warning(
        check,
        `no name server answered within ${withinMs / 1000} s`,
        'an address: of this machine, or of the proxy before it',
        `let this machine reach a name server (/etc/resolv.conf; resolvectl query ${name})`,
      );
    return warning(
      check,
      `the name does not resolve (${(cause as { code?: string }).code ?? 'unknown error'})`,
      'an address: of this machine, or of the proxy before it',
      'add an A or AAAA record, or correct the name; a proxy in front may also send another Host',
    );
  }
}

import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** What can be known of where a request came from: by us, or by a proxy of ours that tells. */
export class TrustedPeers {
  readonly #list = new BlockList();

  /** Addresses and networks (`127.0.0.1`, `10.0.0.0/8`, `::1`). */
  constructor(addresses: readonly string[]) {
    for (const text of addresses) {
      const [address = '', bits] = text.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  /** Whether an address is one of our proxies. */
  trusts(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  /** The client's address: the last in X-Forwarded-For that is no proxy of ours, if the peer is one. */
  clientOf(request: IncomingMessage): string {
    const told = String(request.headers['x-forwarded-for'] ?? '').split(',');
    let address = peerOf(request);
    while (this.trusts(address)) {
      const before = plain(told.pop()?.trim() ?? '');
      if (isIP(before) === 0) break;
      address = before;
    }
    return address;
  }

  /** TLS here, or a trusted proxy that does not say that it took the request in plain text. */
  secure(request: IncomingMessage): boolean {
    if ((request.socket as Partial<TLSSocket>).encrypted) return true;
    if (!this.trusts(peerOf(request))) return false;
    // A chain of proxies may tell each its own: one of them in plain text is enough.
    return !/\bhttp\b/i.test(String(request.headers['x-forwarded-proto'] ?? ''));
  }
}

/** The other end of a request's connection; '' once that is gone. */
export function peerOf({ socket }: IncomingMessage): string {
  return plain(socket.remoteAddress ?? '');
}

/** An IPv4 address that reached an IPv6 socket is written as such (RFC 4291 §2.5.5.2). */
function plain(address: string): string {
  const [, four] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  return four ?? address;
}

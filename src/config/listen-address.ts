import { isIPv6 } from 'node:net';
import { z } from 'zod';

/** Where a server listens. Port 0 lets the system choose one. IPv6 hosts are without brackets, as `listen()` takes them. */
export interface ListenAddress {
  host: string;
  port: number;
}

const pattern = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;
const error = 'must be host:port, with a port from 0 to 65535 (127.0.0.1:8080, or [::1]:8080 for IPv6)';

/** Parses `host:port` and `[::1]:port`; undefined where the text is neither. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits] = pattern.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65535) return undefined;
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  return { host, port };
}

/** Schema of a listen address; gives a `ListenAddress`. */
export function listenAddress() {
  return z
    .string({ error })
    .regex(pattern, { error, abort: true })
    .transform((text, context) => {
      const address = parseListenAddress(text);
      if (address !== undefined) return address;
      context.addIssue({ code: 'custom', message: error });
      return z.NEVER;
    });
}

import { isIP } from 'node:net';
import { z } from 'zod';

/** Schema of a list of proxies whose X-Forwarded-* headers are believed: addresses and networks, none by default. */
export function trustedProxies() {
  return z
    .array(
      z
        .string()
        .refine(isAddressOrNetwork, { error: 'must be an IP address or a network (127.0.0.1, 10.0.0.0/8, ::1)' }),
    )
    .prefault([])
    .describe('Addresses and networks of proxies whose X-Forwarded-* headers are believed');
}

function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

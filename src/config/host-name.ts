import { z } from 'zod';

const pattern = /^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)$/;

/** Schema of a host as it stands in a Host header, without its port; comes out in lower case. Addresses are hosts too. */
export function hostName() {
  return z.string().toLowerCase().regex(pattern, 'must be a host name without scheme, port or path');
}

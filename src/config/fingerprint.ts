import { createHash } from 'node:crypto';
import type { Config } from './schema.ts';

const secrets = new Set(['accessKey', 'secretKey', 'secret', 'token']);

/**
 * 12 hex digits of SHA-256 over the effective configuration without its secrets: two processes with the same
 * fingerprint behave alike. The order of keys in the file does not matter, nor whether a default was written out.
 */
export function configFingerprint(config: Config): string {
  const canonical = JSON.stringify(config, (key, value: unknown) => {
    if (secrets.has(key)) return undefined;
    return isPlainObject(value) ? Object.fromEntries(Object.entries(value).sort(byKey)) : value;
  });
  return createHash('sha256').update(canonical).digest('hex').slice(0, 12);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

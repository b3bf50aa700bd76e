import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { flag } from './scalars.ts';

const files = {
  cert: pemFile().describe('Certificate with its chain, PEM (fullchain.pem); read again when it changes'),
  key: pemFile().describe('Its private key, PEM (privkey.pem)'),
};

/** TLS on a listener for browsers. */
export function tlsSchema() {
  return z.strictObject({ ...files, http2: flag().prefault(true).describe('Offer HTTP/2 besides HTTP/1.1') });
}

/** TLS on a listener for S3 clients, which speak HTTP/1.1. */
export function plainTlsSchema() {
  return z.strictObject(files);
}

/** What of a section concerns TLS. `http2` left out: not offered. */
export interface TlsConfig {
  readonly cert: string;
  readonly key: string;
  readonly http2?: boolean;
}

/** Schema of the path of a PEM file. */
export function pemFile() {
  return z
    .string()
    .refine((path) => isAbsolute(path) && !path.includes('\0'), { error: 'must be an absolute path to a PEM file' });
}

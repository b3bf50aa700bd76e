import type { IncomingHttpHeaders } from 'node:http';
import { SecretDigest } from '../lib/secret-digest.ts';

export interface PurgeSecretOptions {
  /** Name of the header that carries the secret, in lower case. */
  readonly header: string;
  readonly secret: string;
}

/** Who may purge: whoever sends the secret in the header that was agreed upon. */
export class PurgeSecret {
  readonly #header: string;
  readonly #secret: SecretDigest;

  constructor({ header, secret }: PurgeSecretOptions) {
    this.#header = header;
    this.#secret = new SecretDigest(secret);
  }

  /** Compared in constant time. A header that comes twice is wrong: Node joins its lines. */
  in(headers: IncomingHttpHeaders): 'right' | 'wrong' | 'none' {
    const given = headers[this.#header];
    if (given === undefined) return 'none';
    return this.#secret.matches(String(given)) ? 'right' : 'wrong';
  }
}

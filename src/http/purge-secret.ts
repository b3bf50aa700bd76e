import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface PurgeSecretOptions {
  /** Name of the header that carries the secret, in lower case. */
  readonly header: string;
  readonly secret: string;
}

/** Who may purge: whoever sends the secret in the header that was agreed upon. */
export class PurgeSecret {
  readonly #header: string;
  readonly #digest: Buffer;

  constructor({ header, secret }: PurgeSecretOptions) {
    this.#header = header;
    this.#digest = digestOf(secret);
  }

  /** Compared in constant time. A header that comes twice is wrong: Node joins its lines. */
  in(headers: IncomingHttpHeaders): 'right' | 'wrong' | 'none' {
    const given = headers[this.#header];
    if (given === undefined) return 'none';
    return timingSafeEqual(digestOf(String(given)), this.#digest) ? 'right' : 'wrong';
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { CertificateError, type CertificatePair, certificatePair } from '../lib/certificate-pair.ts';

/** How often it is looked whether the files changed, in milliseconds. Looking is two stat(2). */
const lookEveryMs = 2000;

export interface TlsFilesOptions {
  /** Paths of PEM files; links are followed. */
  readonly cert: string;
  readonly key: string;
  /** A new pair is used from now on. */
  readonly renewed: (pair: CertificatePair) => void;
  /** What is there now cannot be used, and the pair of before goes on. Told once for each state of the files. */
  readonly failed: (error: unknown) => void;
}

/**
 * A certificate and its key, followed as they are renewed. They are looked at again and again instead of being watched: an ACME client
 * swaps links to files in another directory, one after the other, and inotify(7) knows nothing of what a link leads to.
 */
export class TlsFiles {
  readonly #options: TlsFilesOptions;
  readonly #timer: NodeJS.Timeout;
  #pair: CertificatePair;
  #context: SecureContext;
  #seen: string;
  /** A state of the files that could not be used; it may be half of a renewal. */
  #unusable: { seen: string; told: boolean } | undefined;
  #looking = false;

  private constructor(options: TlsFilesOptions, pair: CertificatePair, seen: string) {
    this.#options = options;
    this.#pair = pair;
    this.#seen = seen;
    this.#context = createSecureContext(contextOptions(pair));
    this.#timer = setInterval(() => void this.#look(), lookEveryMs).unref();
  }

  /** @throws what keeps the pair from being used: a system error, or a CertificateError. */
  static async open(options: TlsFilesOptions): Promise<TlsFiles> {
    const seen = await stateOf(options);
    return new TlsFiles(options, await read(options), seen);
  }

  get pair(): CertificatePair {
    return this.#pair;
  }

  /** For a handshake now. */
  get context(): SecureContext {
    return this.#context;
  }

  /** Looks no more. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    let seen = 'missing';
    try {
      seen = await stateOf(this.#options);
      if (seen === this.#seen) {
        this.#unusable = undefined;
        return;
      }
      const pair = await read(this.#options);
      const nowMs = Date.now();
      if (pair.endsMs <= nowMs && this.#pair.endsMs > nowMs) throw new CertificateError('cert', 'has ended already');
      this.#context = createSecureContext(contextOptions(pair));
      this.#pair = pair;
      this.#seen = seen;
      this.#unusable = undefined;
      this.#options.renewed(pair);
    } catch (error) {
      this.#cannot(seen, error);
    } finally {
      this.#looking = false;
    }
  }

  /** At the second look of the same: at the first it may be a renewal that is under way. */
  #cannot(seen: string, error: unknown): void {
    const again = this.#unusable?.seen === seen;
    const told = again && this.#unusable?.told === true;
    if (again && !told) this.#options.failed(error);
    this.#unusable = { seen, told: again };
  }
}

/** TLS 1.2 and later (RFC 9325 §3.1.1). */
export function contextOptions({ cert, key }: CertificatePair): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2' };
}

async function read({ cert, key }: TlsFilesOptions): Promise<CertificatePair> {
  const [certText, keyText] = await Promise.all([readFile(cert, 'utf8'), readFile(key, 'utf8')]);
  return certificatePair(certText, keyText);
}

async function stateOf({ cert, key }: TlsFilesOptions): Promise<string> {
  const stats = await Promise.all([stat(cert), stat(key)]);
  return stats.map(({ dev, ino, size, mtimeMs, ctimeMs }) => [dev, ino, size, mtimeMs, ctimeMs].join()).join(' ');
}

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';

/** A certificate with the key that belongs to it. */
export interface CertificatePair {
  /** PEM: the leaf first, then what leads to a known authority. */
  readonly cert: string;
  /** PEM. A secret. */
  readonly key: string;
  /** When the leaf ends, in milliseconds since 1970. */
  readonly endsMs: number;
  /** Whether the leaf is for this host (RFC 6125); addresses are hosts too, in brackets or not. */
  covers(host: string): boolean;
}

/**
 * Reads a pair.
 * @throws CertificateError: one of the two cannot be read, or they do not belong together. It holds nothing of the key.
 */
export function certificatePair(cert: string, key: string): CertificatePair {
  const leaf = parsed(() => new X509Certificate(cert), 'cert', 'holds no certificate in PEM');
  const secret: KeyObject = parsed(
    () => createPrivateKey(key),
    'key',
    'holds no private key in PEM without a passphrase',
  );
  if (!leaf.checkPrivateKey(secret)) throw new CertificateError('key', 'does not belong to the certificate in cert');
  // It reads the rest of the chain too, and refuses keys and digests that are too weak.
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new CertificateError('cert', `cannot be used (${(error as { reason?: string }).reason ?? 'not by OpenSSL'})`);
  }
  return {
    cert,
    key,
    endsMs: leaf.validToDate.getTime(),
    covers(host) {
      const name = host.replace(/^\[|\]$/g, '');
      return (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name, { subject: 'never' })) !== undefined;
    },
  };
}

/** What is wrong with a pair, and with which half of it. Without a cause, since that could quote the file. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code = 'CERTIFICATE_UNUSABLE';
  readonly half: 'cert' | 'key';

  constructor(half: 'cert' | 'key', message: string) {
    super(message);
    this.half = half;
  }
}

function parsed<T>(parse: () => T, half: 'cert' | 'key', message: string): T {
  try {
    return parse();
  } catch {
    throw new CertificateError(half, message);
  }
}

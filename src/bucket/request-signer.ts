import { createHash, createHmac } from 'node:crypto';
import { percentEncode } from '../lib/percent-encode.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface UnsignedRequest {
  readonly method: string;
  readonly host: string;
  /** Encoded as it is sent: `BucketAddress.pathOf`. */
  readonly path: string;
  /** Names and values, decoded. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Names in lower case; values as Node gives them, one character a byte. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body in hex, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
}

export interface SignedRequest {
  /** Path and query for the request line, to be sent as it is. */
  readonly target: string;
  /** The headers given, `host` and the signature's own. */
  readonly headers: Record<string, string>;
}

/**
 * Signs requests with AWS Signature Version 4 for S3 (S3 API reference, "Signature Calculations for the Authorization Header").
 * Not the SDK's signer: it hashes header values as UTF-8 and folds every space that Unicode knows, while a store hashes the bytes that came.
 */
export class RequestSigner {
  readonly #region: string;
  readonly #credentials: Credentials;
  readonly #now: () => number;
  #key: { readonly day: string; readonly bytes: Buffer } | undefined;

  constructor(options: { region: string; credentials: Credentials; now?: () => number }) {
    this.#region = options.region;
    this.#credentials = options.credentials;
    this.#now = options.now ?? Date.now;
  }

  /** The headers of a request without body, query and headers of its own, `host` among them. `path` is sent as it is. */
  sign(method: string, host: string, path: string): Record<string, string> {
    return this.signed({ method, host, path, query: [], headers: {}, payloadHash: 'UNSIGNED-PAYLOAD' }).headers;
  }

  signed(request: UnsignedRequest): SignedRequest {
    const time = new Date(this.#now()).toISOString().replace(/[-:]|\.\d+/g, '');
    const day = time.slice(0, 8);
    const scope = `${day}/${this.#region}/s3/aws4_request`;
    const headers: Record<string, string> = {
      ...request.headers,
      host: request.host,
      'x-amz-content-sha256': request.payloadHash,
      'x-amz-date': time,
    };
    const query = canonicalQuery(request.query);
    const names = Object.keys(headers).filter(isSigned).sort();
    const canonical = [
      request.method,
      request.path,
      query,
      ...names.map((name) => `${name}:${folded(headers[name] ?? '')}`),
      '',
      names.join(';'),
      request.payloadHash,
    ].join('\n');
    const digest = createHash('sha256').update(canonical, 'latin1').digest('hex');
    const signature = hmac(this.#keyOf(day), `AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`).toString('hex');
    headers.authorization = `AWS4-HMAC-SHA256 Credential=${this.#credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
    return { target: query === '' ? request.path : `${request.path}?${query}`, headers };
  }

  /** One key serves a day. */
  #keyOf(day: string): Buffer {
    if (this.#key?.day !== day) {
      const daily = hmac(`AWS4${this.#credentials.secretAccessKey}`, day);
      this.#key = { day, bytes: hmac(hmac(hmac(daily, this.#region), 's3'), 'aws4_request') };
    }
    return this.#key.bytes;
  }
}

/** What S3 wants signed; and the condition, without which a request would replace what is there. */
const signedNames = new Set(['host', 'content-md5', 'content-type', 'if-none-match']);

/** What a relay on the way may change is left out. */
function isSigned(name: string): boolean {
  return signedNames.has(name) || name.startsWith('x-amz-');
}

function folded(value: string): string {
  return value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '');
}

function canonicalQuery(pairs: UnsignedRequest['query']): string {
  return pairs
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([a, av], [b, bv]) => compare(a, b) || compare(av, bv))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

import { createHash } from 'node:crypto';
import { amzDate, encoded, type Signing, sha256Hex, signInHeader, signInQuery, type WireRequest } from './sigv4.ts';
import type { ClientKey, ClientName } from './write-world.ts';

/** What a forger knows of the write host and its bucket. */
export interface ForgeContext {
  /** Name of the bucket that clients use, and its name at the store. */
  readonly bucket: string;
  readonly storeBucket: string;
  /** Another bucket at the same store, that the store's own keys may read: it holds `secret`. */
  readonly otherBucket: string;
  readonly host: string;
  readonly region: string;
  readonly keys: Readonly<Record<ClientName, ClientKey>>;
  /** The keys that Upstairs itself has for the store. */
  readonly storeKey: ClientKey;
  /** A multipart upload under way, with one part. */
  readonly upload: { readonly key: string; readonly id: string; readonly etag: string };
  readonly now: Date;
}

/** A request as a client might make it, and what goes wrong with it. Without anything: a GET of `present`, signed by `mastodon`. */
export interface Forge {
  readonly method?: string;
  /** Default: `present`. */
  readonly key?: string;
  /** Percent-encoded, in place of `/<bucket>/<key>`. */
  readonly path?: string;
  /** Percent-encoded. */
  readonly query?: string;
  readonly host?: string;
  /** Added to Host, X-Amz-Date, X-Amz-Content-Sha256, Content-Length and Connection; undefined takes one of these away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Buffer;
  readonly by?: ClientName | ClientKey;
  /** What its clock is ahead of ours, in seconds. */
  readonly clockAhead?: number;
  readonly signing?: Partial<Signing>;
  /** Signed in the query, with this X-Amz-Expires. */
  readonly presigned?: string;
  /** Neither header nor query signature. */
  readonly unsigned?: boolean;
  /** What happens to it after it was signed. */
  readonly tamper?: (request: WireRequest) => WireRequest;
}

/** An object that is in the bucket from the beginning. */
export const present = 'kept/picture.jpg';

/** The request, ready to be sent. */
export function forge(context: ForgeContext, request: Forge = {}): WireRequest {
  const { method = 'GET', query = '', host = context.host, presigned, unsigned, by = 'mastodon' } = request;
  const {
    key = present,
    path = pathTo(context.bucket, key),
    headers = {},
    body: content,
    tamper = (same) => same,
  } = request;
  const body = Buffer.from(content ?? '');
  const date = amzDate(new Date(context.now.getTime() + (request.clockAhead ?? 0) * 1000));
  const usual: Record<string, string | undefined> = {
    Host: host,
    ...(presigned === undefined && !unsigned && { 'X-Amz-Date': date, 'X-Amz-Content-Sha256': sha256Hex(body) }),
    ...(content !== undefined && { 'Content-Length': String(body.length) }),
    Connection: 'close',
    ...headers,
  };
  const plain: WireRequest = {
    method,
    path,
    query,
    headers: Object.entries(usual).filter((header): header is [string, string] => header[1] !== undefined),
    body,
  };
  const { accessKey, secretKey } = typeof by === 'string' ? context.keys[by] : by;
  const signing = { accessKey, secretKey, region: context.region, date, ...request.signing };
  if (unsigned) return tamper(plain);
  return tamper(presigned === undefined ? signInHeader(plain, signing) : signInQuery(plain, signing, presigned));
}

/** The bytes of a request; a character of its head is a byte. */
export function wireBytes({ method, path, query, headers, body }: WireRequest): Buffer {
  const target = query === '' ? path : `${path}?${query}`;
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`, 'latin1'), body]);
}

/** With one header put in place of those of its name, or added. */
export function withHeader(name: string, value: string): (request: WireRequest) => WireRequest {
  return (request) => ({
    ...request,
    headers: [...request.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase()), [name, value]],
  });
}

/** With one header line more, whatever is there. */
export function withLine(name: string, value: string): (request: WireRequest) => WireRequest {
  return (request) => ({ ...request, headers: [...request.headers, [name, value]] });
}

export function withQuery(change: (query: string) => string): (request: WireRequest) => WireRequest {
  return (request) => ({ ...request, query: change(request.query) });
}

/** Base64 of the MD5, as Content-MD5 wants it. */
export function contentMd5(bytes: string | Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** `/bucket/key`, encoded. */
export function pathTo(bucket: string, key: string): string {
  return `/${bucket}/${key.split('/').map(encoded).join('/')}`;
}

import { createHash, createHmac } from 'node:crypto';

/** A request that is put on the wire as it stands here. */
export interface WireRequest {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  /** Percent-encoded, without `?`; '' for none. */
  readonly query: string;
  /** In the order of the wire. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** Whose signature, for what, and how wrong. */
export interface Signing {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  /** The time that the request claims, `YYYYMMDDTHHMMSSZ`. */
  readonly date: string;
  /** Default: the day of `date`. */
  readonly scopeDate?: string;
  /** Default: s3. */
  readonly service?: string;
  /** Default: aws4_request. */
  readonly terminator?: string;
  /** Names of headers that are sent without being signed. */
  readonly leaveOut?: readonly string[];
  /** Names that are called signed though no such header is sent. */
  readonly pretend?: readonly string[];
}

const algorithm = 'AWS4-HMAC-SHA256';

/**
 * AWS Signature Version 4 in a header, made to be misused: whatever is asked for is signed, sense or nonsense. It shares no code
 * with the program (S3 API reference, "Authenticating Requests: Using the Authorization Header").
 *
 * The request needs its `x-amz-date` and `x-amz-content-sha256`.
 */
export function signInHeader(request: WireRequest, signing: Signing): WireRequest {
  const names = signedNames(request, signing);
  const signature = signatureOf(request, signing, names, headerOf(request, 'x-amz-content-sha256') ?? '');
  const credential = `${signing.accessKey}/${scopeOf(signing)}`;
  const value = `${algorithm} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...request, headers: [...request.headers, ['Authorization', value]] };
}

/**
 * The same in the query string, for `expires` seconds ("Authenticating Requests: Using Query Parameters"). Only `host` and `x-amz-*`
 * headers that are there are signed; the body is not.
 */
export function signInQuery(request: WireRequest, signing: Signing, expires: string): WireRequest {
  const names = signedNames(request, signing);
  const parameters = [
    ['X-Amz-Algorithm', algorithm],
    ['X-Amz-Credential', `${signing.accessKey}/${scopeOf(signing)}`],
    ['X-Amz-Date', signing.date],
    ['X-Amz-Expires', expires],
    ['X-Amz-SignedHeaders', names.join(';')],
  ].map(([name = '', value = '']) => `${name}=${encoded(value)}`);
  const query = [request.query, ...parameters].filter(Boolean).join('&');
  const signature = signatureOf({ ...request, query }, signing, names, 'UNSIGNED-PAYLOAD');
  return { ...request, query: `${query}&X-Amz-Signature=${signature}` };
}

/** Lower-case hex. */
export function sha256Hex(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** `YYYYMMDDTHHMMSSZ`. */
export function amzDate(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** All bytes but the unreserved ones escaped, `/` too (S3 API reference, "UriEncode()"). */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function signedNames(request: WireRequest, { leaveOut = [], pretend = [] }: Signing): string[] {
  const names = request.headers
    .map(([name]) => name.toLowerCase())
    .filter((name) => /^(host|content-md5|content-type|range|x-amz-.+)$/.test(name) && !leaveOut.includes(name));
  return [...new Set([...names, ...pretend])].sort();
}

function scopeOf({ date, scopeDate = date.slice(0, 8), region, service = 's3', terminator = 'aws4_request' }: Signing) {
  return [scopeDate, region, service, terminator].join('/');
}

function signatureOf(request: WireRequest, signing: Signing, names: readonly string[], payload: string): string {
  const canonical = [
    request.method,
    canonicalPath(request.path),
    request.query
      .split('&')
      .filter(Boolean)
      .map((pair) => pair.split('=').concat('').slice(0, 2).join('\0'))
      .sort()
      .join('&')
      .replaceAll('\0', '='),
    ...names.map((name) => `${name}:${headerOf(request, name) ?? ''}`),
    '',
    names.join(';'),
    payload,
  ].join('\n');
  const scope = scopeOf(signing);
  const key = scope
    .split('/')
    .reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${signing.secretKey}`);
  return hmac(key, [algorithm, signing.date, scope, sha256Hex(canonical)].join('\n')).toString('hex');
}

/** Decoded and encoded once, `/` left alone; what cannot be decoded stays as it is. */
function canonicalPath(path: string): string {
  try {
    return decodeURIComponent(path).split('/').map(encoded).join('/');
  } catch {
    return path;
  }
}

function headerOf({ headers }: WireRequest, wanted: string): string | undefined {
  const values = headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value.trim());
  return values.length === 0 ? undefined : values.join(',');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

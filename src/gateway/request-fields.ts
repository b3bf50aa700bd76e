import { type QueryPairs, queryPairs } from './query-pairs.ts';
import type { RawRequest } from './raw-request.ts';
import { S3Error } from './s3-error.ts';

/** The signature's own parameters in a presigned URL (S3 API reference, "Authenticating Requests: Using Query Parameters"). */
const signatureParameters = new Set([
  'X-Amz-Algorithm',
  'X-Amz-Content-Sha256',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
]);

/** Looked at with the signature and with the body; or a word on the client itself. */
const notOfTheOperation =
  /^x-amz-(date|content-sha256|decoded-content-length|trailer|security-token|user-agent|sdk-checksum-algorithm)$/;

/** Ignoring one of these would do what the client wanted not to be done. */
const conditions = /^(if-|content-range$)/;

/**
 * What a request says besides its method and path, to be taken piece by piece. Whatever nobody took is refused at the end: so each
 * operation has an allow-list, which is what it takes.
 */
export class RequestFields {
  readonly #query: Map<string, string>;
  readonly #headers: Map<string, readonly string[]>;

  /** Throws an S3Error: InvalidURI, InvalidArgument for a parameter that comes twice. */
  constructor(request: RawRequest) {
    this.#headers = headersOf(request);
    this.#query = onceEach(queryPairs(request.rawQuery));
    this.#query.delete('x-id');
    if (!this.#query.has('X-Amz-Signature')) return;
    for (const name of signatureParameters) this.#query.delete(name);
    this.#unhoist();
  }

  hasQuery(name: string): boolean {
    return this.#query.has(name);
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name);
  }

  takeQuery(name: string): string | undefined {
    const value = this.#query.get(name);
    this.#query.delete(name);
    return value;
  }

  /** A subresource such as `?acl`, which has no value. */
  takeSubresource(name: string): boolean {
    const value = this.takeQuery(name);
    if (value) throw new S3Error('InvalidArgument', `The parameter ${name} takes no value.`);
    return value !== undefined;
  }

  /** Throws InvalidRequest when it came twice: relays and stores differ in which one they believe. */
  takeHeader(name: string): string | undefined {
    const values = this.#headers.get(name);
    this.#headers.delete(name);
    if (values && values.length > 1) throw new S3Error('InvalidRequest', `The header ${name} came more than once.`);
    return values?.[0];
  }

  /** Those of the names that are there and say something. */
  takeHeaders(names: readonly string[]): Record<string, string> {
    const taken = names.map((name) => [name, this.takeHeader(name)?.trim()] as const);
    return Object.fromEntries(taken.filter((entry): entry is [string, string] => Boolean(entry[1])));
  }

  /** All headers whose name begins so. */
  takeHeadersFrom(prefix: string): Record<string, string> {
    const names = [...this.#headers.keys()].filter((name) => name.startsWith(prefix));
    return Object.fromEntries(names.map((name) => [name, this.takeHeader(name) ?? '']));
  }

  /** Throws NotImplemented for what was not taken and could matter. */
  refuseOthers(): void {
    const [parameter] = this.#query.keys();
    if (parameter !== undefined)
      throw new S3Error('NotImplemented', `The parameter ${shown(parameter)} is not supported here.`);
    // Ceph RGW reads `_` in a header's name as `-`.
    for (const name of this.#headers.keys())
      if (name.replaceAll('_', '-').startsWith('x-amz-') || conditions.test(name))
        throw new S3Error('NotImplemented', `The header ${shown(name)} is not supported with this operation.`);
  }

  /**
   * SDKs move headers such as `x-amz-acl` into a presigned URL, and S3 takes them from there. Not so what says something of the body:
   * that is looked for among the headers alone, and is refused here.
   */
  #unhoist(): void {
    for (const [name, value] of [...this.#query]) {
      if (!name.startsWith('x-amz-')) continue;
      if (ofTheClient.has(name)) this.#query.delete(name);
      else if (!ofTheBody(name)) {
        if (/[^\t -~]/.test(value)) throw new S3Error('InvalidArgument', `${shown(name)} must be plain ASCII.`);
        this.#query.delete(name);
        this.#headers.set(name, [...(this.#headers.get(name) ?? []), value]);
      }
    }
  }
}

const ofTheClient: ReadonlySet<string> = new Set(['x-amz-user-agent', 'x-amz-sdk-checksum-algorithm']);

function ofTheBody(name: string): boolean {
  return notOfTheOperation.test(name) || (name.startsWith('x-amz-checksum-') && name !== 'x-amz-checksum-mode');
}

function headersOf(request: RawRequest): Map<string, readonly string[]> {
  const headers = new Map<string, readonly string[]>();
  for (const [name, value] of request.headers) {
    if (notOfTheOperation.test(name)) continue;
    headers.set(name, [...(headers.get(name) ?? []), value]);
  }
  return headers;
}

function onceEach(pairs: QueryPairs): Map<string, string> {
  const query = new Map(pairs);
  if (query.size !== pairs.length) throw new S3Error('InvalidArgument', 'A query parameter came more than once.');
  return query;
}

function shown(name: string): string {
  return name.replace(/[^!-~]/g, '?').slice(0, 64);
}

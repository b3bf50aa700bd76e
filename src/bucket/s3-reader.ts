import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { type Dispatcher, errors, Pool } from 'undici';
import { type ByteRange, rangeLength } from '../lib/byte-range.ts';
import { exactly } from '../lib/exactly.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import {
  type Bucket,
  type BucketHead,
  type BucketRead,
  type RangeHint,
  type Unavailable,
  unavailable,
} from './bucket.ts';
import type { BucketAddress } from './bucket-address.ts';
import { metaOf } from './object-headers.ts';
import type { RequestSigner } from './request-signer.ts';
import { troubleOf } from './trouble.ts';

export interface S3ReaderOptions {
  readonly address: BucketAddress;
  readonly signer: RequestSigner;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** The longest silence within a body. */
  readonly bodyTimeoutMs: number;
  /** For a private bucket without object ACLs: objects are read with the store's keys, and none is ever `private`. False by default. */
  readonly signed?: boolean;
}

type Answer = Dispatcher.ResponseData;

/** Connections for what decides about all reads: the identity, and what a 403 means. */
const signedConnections = 16;

/**
 * Reads over undici, anonymously unless told otherwise, so that the store enforces its ACLs. Ceph answers an anonymous reader 403 for a
 * missing key as well as for a private one: a signed HEAD tells them apart. To signed reads a 403 tells only that the keys are refused.
 */
export class S3Reader implements Bucket {
  readonly #options: S3ReaderOptions;
  readonly #pool: Pool;
  /** Of their own, so that what decides about all reads never waits behind them. */
  readonly #signedPool: Pool;

  constructor(options: S3ReaderOptions) {
    this.#options = options;
    const pool = (connections: number) =>
      new Pool(options.address.origin, {
        connections,
        connect: { timeout: options.connectTimeoutMs },
        headersTimeout: options.headersTimeoutMs,
        bodyTimeout: options.bodyTimeoutMs,
        keepAliveTimeout: 4_000,
      });
    this.#pool = pool(options.connections);
    this.#signedPool = pool(signedConnections);
  }

  async get(key: string, hint: RangeHint | undefined, signal: AbortSignal): Promise<BucketRead> {
    try {
      return await this.#settled(key, signal, async () => {
        const answer = await this.#ask('GET', key, hint, signal);
        const { statusCode: status, headers, body } = answer;
        if (status === 200) return foundWhole(headers, body);
        if (status === 206) return foundPart(headers, body);
        drain(answer);
        if (status === 416) return await this.#unsatisfiable(key, signal);
        if (status === 404) return { kind: 'missing' };
        return status === 403 && !this.#options.signed ? 'forbidden' : failed(status);
      });
    } catch (error) {
      signal.throwIfAborted();
      return unavailable(troubleOf(error), error);
    }
  }

  async head(key: string, signal: AbortSignal): Promise<BucketHead> {
    try {
      return await this.#settled(key, signal, async () => {
        const answer = await this.#ask('HEAD', key, undefined, signal);
        drain(answer);
        return answer.statusCode === 403 && !this.#options.signed ? 'forbidden' : headed(answer);
      });
    } catch (error) {
      signal.throwIfAborted();
      return unavailable(troubleOf(error), error);
    }
  }

  /** A small object, signed: the identity. `undefined` when it is missing. Throws what undici throws, or an Error naming the status. */
  async readSigned(key: string, signal: AbortSignal): Promise<string | undefined> {
    const answer = await this.#signed('GET', key, signal);
    if (answer.statusCode === 200) return await answer.body.text();
    drain(answer);
    if (answer.statusCode === 404) return undefined;
    throw new Error(`the store answered ${answer.statusCode} to a signed GET`);
  }

  /** The status that a stranger's GET of the key is answered with. Throws what undici throws. */
  async publicStatus(key: string, signal: AbortSignal): Promise<number> {
    const { address } = this.#options;
    const answer = await this.#request(this.#signedPool, 'GET', address.pathOf(key), { host: address.host }, signal);
    drain(answer);
    return answer.statusCode;
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#signedPool.destroy()]);
  }

  /**
   * Finds out what "forbidden" means. An object that lands between the anonymous request and the signed one looks private: so what a
   * signed HEAD finds is asked for anonymously once more.
   */
  async #settled<T extends { kind: string }>(
    key: string,
    signal: AbortSignal,
    ask: () => Promise<T | 'forbidden'>,
  ): Promise<T | { kind: 'missing' } | { kind: 'private' } | Unavailable> {
    const first = await ask();
    if (first !== 'forbidden') return first;
    const answer = await this.#signed('HEAD', key, signal);
    drain(answer);
    const head = headed(answer);
    if (head.kind !== 'found') return head;
    const again = await ask();
    return again === 'forbidden' ? { kind: 'private' } : again;
  }

  /** RGW's 416 does not tell the length (RFC 9110 §15.5.17 asks for it). */
  async #unsatisfiable(key: string, signal: AbortSignal): Promise<BucketRead> {
    const head = await this.head(key, signal);
    return head.kind === 'found' ? { kind: 'unsatisfiable', meta: head.meta } : head;
  }

  /** The range needs no signature. */
  #ask(method: 'GET' | 'HEAD', key: string, hint: RangeHint | undefined, signal: AbortSignal): Promise<Answer> {
    const { address, signer, signed } = this.#options;
    const path = address.pathOf(key);
    const headers: Record<string, string> = signed ? signer.sign(method, address.host, path) : { host: address.host };
    if (hint) headers.range = rangeHeader(hint);
    return this.#request(this.#pool, method, path, headers, signal);
  }

  async #signed(method: 'GET' | 'HEAD', key: string, signal: AbortSignal): Promise<Answer> {
    const { address, signer } = this.#options;
    const path = address.pathOf(key);
    return await this.#request(this.#signedPool, method, path, signer.sign(method, address.host, path), signal);
  }

  /**
   * One deadline for waiting for a connection, connecting and the headers. undici does not reject a request that waits for a connection
   * when it is aborted, so the caller is let go here, and an answer that comes too late is thrown away.
   */
  async #request(
    pool: Pool,
    method: 'GET' | 'HEAD',
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { connectTimeoutMs, headersTimeoutMs } = this.#options;
    const abort = new AbortController();
    const leave = () => abort.abort(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    const timer = setTimeout(() => abort.abort(new errors.HeadersTimeoutError()), connectTimeoutMs + headersTimeoutMs);
    try {
      // Without `reset: false` undici closes the connection after every HEAD.
      const request = pool.request({ method, path, headers, reset: false, signal: abort.signal });
      const answer = await unlessAborted(request, abort.signal, (late) =>
        late.body.on('error', () => undefined).destroy(),
      );
      answer.body.once('close', () => signal.removeEventListener('abort', leave));
      return answer;
    } catch (error) {
      signal.removeEventListener('abort', leave);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

function headed(answer: Answer): BucketHead {
  const { statusCode: status, headers } = answer;
  if (status === 404) return { kind: 'missing' };
  if (status !== 200) return failed(status);
  const size = lengthOf(headers);
  return size === undefined ? unavailable('protocol') : { kind: 'found', meta: metaOf(headers, size) };
}

function foundWhole(headers: IncomingHttpHeaders, body: Readable): BucketRead {
  const size = lengthOf(headers);
  if (size === undefined) return discarded(body);
  return { kind: 'found', meta: metaOf(headers, size), bytes: exactly(body, size) };
}

function foundPart(headers: IncomingHttpHeaders, body: Readable): BucketRead {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '');
  if (!match) return discarded(body);
  const range: ByteRange = { first: Number(match[1]), last: Number(match[2]) };
  return { kind: 'found', meta: metaOf(headers, Number(match[3])), range, bytes: exactly(body, rangeLength(range)) };
}

function discarded(body: Readable): BucketRead {
  body.on('error', () => undefined).destroy();
  return unavailable('protocol');
}

function failed(status: number): ReturnType<typeof unavailable> {
  if (status === 503 || status === 429) return unavailable('slow-down');
  return unavailable(status >= 500 ? 'server-error' : 'refused', new Error(`the store answered ${status}`));
}

function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** Reads a small rest to its end, so that the connection can be used again; nobody waits for it. */
function drain(answer: Answer): void {
  // What the body of a refusal says, or how it breaks off, matters to nobody.
  answer.body.dump({ limit: 64 * 1024 }).catch(() => undefined);
}

function rangeHeader(hint: RangeHint): string {
  return 'suffix' in hint ? `bytes=-${hint.suffix}` : `bytes=${hint.first}-${hint.last ?? ''}`;
}

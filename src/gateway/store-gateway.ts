import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type Dispatcher, Pool } from 'undici';
import { unlessAborted } from '../lib/unless-aborted.ts';
import { discard, Exchange } from './exchange.ts';
import { S3Error } from './s3-error.ts';
import { tellingBegun } from './telling-begun.ts';

/** A request for the store, not signed yet. */
export interface StoreRequest {
  readonly method: string;
  /** '' for the bucket itself. */
  readonly key: string;
  /** Decoded. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Names in lower case; no length, host, connection or signature. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * `size` in bytes; `sha256` in hex, where the client announced it. A stream is read and let go, never destroyed: that is for its
   * owner, when the client has its answer.
   */
  readonly body?: { readonly stream: Readable; readonly size: number; readonly sha256?: string } | Buffer;
  /** Ends the request, also while its answer's body is read. */
  readonly signal: AbortSignal;
  /** Milliseconds from the last byte of the body, or from the start where no stream is sent, to the answer's end. */
  readonly deadlineMs?: number;
  /** The answer's body goes to the client as it comes: the deadline is for its headers. */
  readonly streamed?: boolean;
}

export type StoreAnswer =
  /** `body` is to be read to its end, or destroyed. */
  | { kind: 'answered'; status: number; headers: IncomingHttpHeaders; body: Readable }
  /** `sentNothing`: the store certainly never got the whole request. `bodyError`: what the client's body broke with. */
  | { kind: 'unknown'; cause: unknown; sentNothing: boolean; bodyError?: S3Error };

export interface StoreGatewayOptions {
  readonly address: {
    readonly origin: string;
    readonly host: string;
    readonly bucketPath: string;
    pathOf(key: string): string;
  };
  readonly signer: {
    signed(
      request: Pick<StoreRequest, 'method' | 'query' | 'headers'> & { host: string; path: string; payloadHash: string },
    ): { target: string; headers: Record<string, string> };
  };
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** The longest wait for a connection, connecting included. */
  readonly waitTimeoutMs: number;
  /** The longest silence of the store while it takes a body or gives one. */
  readonly stallTimeoutMs: number;
}

/** Sends requests to the store, signed anew with its own keys. */
export class StoreGateway {
  readonly #options: StoreGatewayOptions;
  readonly #pool: Pool;
  /** For answers that go to clients as they come: slow ones never keep a write from its connection. */
  readonly #streams: Pool;

  constructor(options: StoreGatewayOptions) {
    this.#options = options;
    this.#pool = this.#connected(options.connections);
    this.#streams = this.#connected(Math.ceil(options.connections / 2));
  }

  #connected(connections: number): Pool {
    const options = this.#options;
    return new Pool(options.address.origin, {
      connections,
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: options.stallTimeoutMs,
      bodyTimeout: options.stallTimeoutMs,
      keepAliveTimeout: 4_000,
      // What a cut body means is certain with a connection of its own.
      allowH2: false,
    });
  }

  /** Sends once, never again. Whatever the store or the network does is an answer. */
  async send(request: StoreRequest): Promise<StoreAnswer> {
    const { signal, deadlineMs, streamed } = request;
    const { waitTimeoutMs } = this.#options;
    const body = streamOf(request);
    if (body?.size === 0) {
      try {
        await unlessAborted(finished(body.stream.resume(), { writable: false }), signal);
      } catch (error) {
        return unsent(error);
      }
    }
    const sent = body?.size === 0 ? undefined : body;
    const exchange = new Exchange({ body: sent, signal, waitTimeoutMs, deadlineMs, streamed });
    try {
      const { statusCode: status, headers, body } = await exchange.answer(this.#request(request, exchange));
      if (status >= 300 || exchange.mayHaveArrived) return { kind: 'answered', status, headers, body };
      discard(body);
      return { kind: 'unknown', cause: new Error('the store confirmed what it cannot have'), sentNothing: false };
    } catch (cause) {
      if (exchange.mayHaveArrived) return { kind: 'unknown', cause, sentNothing: false };
      return unsent(exchange.body?.failure ?? cause);
    }
  }

  /** Breaks what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#streams.destroy()]);
  }

  async #request(request: StoreRequest, exchange: Exchange): Promise<Dispatcher.ResponseData> {
    const { address, signer } = this.#options;
    const { method, key, query, body } = request;
    const { target, headers } = signer.signed({
      method,
      host: address.host,
      path: key === '' ? address.bucketPath : address.pathOf(key),
      query,
      headers: request.headers,
      payloadHash: payloadHashOf(body),
    });
    // Where there is none, undici tells a length of 0 for the methods that want one.
    const length = exchange.body && streamOf(request)?.size;
    const pool = request.streamed ? this.#streams : this.#pool;
    return await pool.compose(tellingBegun(() => exchange.begin())).request({
      method: method as Dispatcher.HttpMethod,
      path: target,
      headers: length === undefined ? headers : { ...headers, 'content-length': String(length) },
      body: exchange.body ?? (Buffer.isBuffer(body) ? body : null),
      // Without it undici closes the connection after every HEAD.
      reset: false,
      signal: exchange.signal,
    });
  }
}

function streamOf({ body }: StoreRequest): Exclude<StoreRequest['body'], Buffer> {
  return Buffer.isBuffer(body) ? undefined : body;
}

function unsent(cause: unknown): StoreAnswer {
  return { kind: 'unknown', cause, sentNothing: true, ...(cause instanceof S3Error ? { bodyError: cause } : {}) };
}

function payloadHashOf(body: StoreRequest['body']): string {
  if (Buffer.isBuffer(body)) return createHash('sha256').update(body).digest('hex');
  return body?.sha256 ?? 'UNSIGNED-PAYLOAD';
}

import { Readable } from 'node:stream';
import { Pool } from 'undici';
import { unlessAborted } from '../lib/unless-aborted.ts';
import type { BucketAddress } from './bucket-address.ts';
import type { RequestSigner } from './request-signer.ts';
import { AnsweredError } from './store-error.ts';
import { failureOf, type RequestEnded } from './watched-client.ts';

export interface ObjectSenderOptions {
  readonly address: BucketAddress;
  readonly signer: RequestSigner;
  readonly connectTimeoutMs: number;
  /** The longest silence of the store, once everything was sent. */
  readonly silenceMs: number;
  readonly ended: RequestEnded;
}

/** So much of a refusal is read for its code, in bytes, and for so long, in milliseconds. */
const mostText = 64 * 1024;
const textMs = 2000;
/** undici takes the time that a buffer needs for silence of the store; what is larger than this goes in slices. */
const sliceBytes = 64 * 1024;

/** The store confirmed what it cannot have. */
class EarlyAnswerError extends Error {
  override readonly name = 'EarlyAnswerError';
  readonly code = 'ANSWERED_TOO_EARLY';
}

/**
 * PutObject over undici: the SDK costs more CPU than the rest of a copy. One request, never sent again: a second one could meet its own first. Each has a
 * connection for itself, so there are as many as there are copies at once.
 */
export class ObjectSender {
  readonly #options: ObjectSenderOptions;
  readonly #pool: Pool;

  constructor(options: ObjectSenderOptions) {
    this.#options = options;
    this.#pool = new Pool(options.address.origin, {
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: options.silenceMs,
      bodyTimeout: options.silenceMs,
      keepAliveTimeout: 4_000,
      // What a cut body means is certain with a connection of its own.
      allowH2: false,
    });
  }

  /**
   * Resolves to the ETag when the store has confirmed the object. `headers`: names in lower case; the MD5 among them proves the body, so its
   * SHA-256 is not signed. Throws AnsweredError where the store answered something else, else what undici or the body throw.
   */
  async put(
    key: string,
    headers: Readonly<Record<string, string>>,
    body: { readonly bytes: Buffer | Readable; readonly size: number },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      const etag = await this.#put(key, headers, body, signal);
      this.#options.ended(undefined);
      return etag;
    } catch (error) {
      const { code } = error as { code?: unknown };
      // The source's bytes broke off, or were too few.
      const ours =
        (body.bytes instanceof Readable && body.bytes.errored !== null) ||
        code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH';
      const trouble = ours ? 'ours' : failureOf(error);
      if (trouble !== 'ours') this.#options.ended(trouble);
      throw error;
    }
  }

  async #put(
    key: string,
    headers: Readonly<Record<string, string>>,
    body: { readonly bytes: Buffer | Readable; readonly size: number },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { address, signer } = this.#options;
    const signed = signer.signed({
      method: 'PUT',
      host: address.host,
      path: address.pathOf(key),
      query: [],
      headers,
      payloadHash: 'UNSIGNED-PAYLOAD',
    });
    const stream = body.bytes instanceof Readable ? body.bytes : inSlices(body.bytes);
    const request = this.#pool.request({
      method: 'PUT',
      path: signed.target,
      headers: { ...signed.headers, 'user-agent': 'Upstairs', 'content-length': String(body.size) },
      body: stream ?? (body.bytes as Buffer),
      signal,
    });
    // undici lets go of a request only once it has a connection.
    const answer = await unlessAborted(request, signal, (late) => late.body.on('error', () => undefined).destroy());
    const { statusCode: status, headers: told } = answer;
    if (status < 200 || status > 299) throw new AnsweredError(status, codeIn(await start(answer.body)));
    // It is empty; nobody waits for its end.
    answer.body.dump({ limit: mostText }).catch(() => undefined);
    if (stream && !stream.readableEnded) throw new EarlyAnswerError('the store confirmed what it cannot have');
    return typeof told.etag === 'string' ? told.etag : undefined;
  }

  /** Breaks what is under way. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** Undefined: it goes as it is. */
function inSlices(bytes: Buffer): Readable | undefined {
  if (bytes.length <= sliceBytes) return undefined;
  let at = 0;
  return new Readable({
    read() {
      this.push(at < bytes.length ? bytes.subarray(at, at + sliceBytes) : null);
      at += sliceBytes;
    },
  });
}

/** What the status says is certain, however its body goes on. */
async function start(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => body.destroy(), textMs);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > mostText) break;
    }
  } catch {
    // It broke off, or took too long: what came of it may have the code.
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('latin1');
}

/** S3's error codes are in the body (S3 API reference, "Error responses"). */
function codeIn(text: string): string | undefined {
  return /<Code>(\w{1,100})<\/Code>/.exec(text)?.[1];
}

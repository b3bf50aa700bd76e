import { createHash } from 'node:crypto';
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { Agent } from 'undici';
import type { BucketAddress } from './bucket-address.ts';
import type { RequestSigner } from './request-signer.ts';
import { storeErrorOf } from './store-error.ts';

export interface StoreQuestionsOptions {
  readonly address: BucketAddress;
  readonly signer: RequestSigner;
  readonly client: S3Client;
  readonly bucket: string;
  readonly keyPrefix: string;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** Connections at once; what comes beyond waits. */
  readonly connections: number;
}

interface Question {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly key?: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly anonymous?: true;
}

/** Answers are small; what is longer is no answer of S3's. */
const maxTextBytes = 1 << 20;

/** The store as one asks it to learn what it can do: small requests, each sent once, with whatever answer comes as it is. */
export class StoreQuestions {
  readonly #options: StoreQuestionsOptions;
  readonly #agent: Agent;

  constructor(options: StoreQuestionsOptions) {
    this.#options = options;
    this.#agent = new Agent({
      connections: options.connections,
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: options.headersTimeoutMs,
      bodyTimeout: options.headersTimeoutMs,
      maxResponseSize: maxTextBytes,
    });
  }

  /** `key` undefined: the bucket itself. Header names in lower case. Throws what undici throws. */
  async ask({ method, key, query = [], headers = {}, body, anonymous }: Question, signal: AbortSignal) {
    const { address, signer } = this.#options;
    const path = key === undefined ? address.bucketPath : address.pathOf(key);
    const payloadHash = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const signed = signer.signed({ method, host: address.host, path, query, headers, payloadHash });
    const began = performance.now();
    const answer = await this.#agent.request({
      origin: address.origin,
      method,
      path: signed.target,
      headers: anonymous ? { ...headers, host: address.host } : signed.headers,
      ...(body !== undefined && { body }),
      signal,
    });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      code: /<Code>(\w{1,100})<\/Code>/.exec(text)?.[1],
      headers: flat(answer.headers),
      text,
      ms: performance.now() - began,
    };
  }

  /** At most 1000 keys, without `bucket.keyPrefix`. Throws an error with `status` and `code` of the answer. */
  async list({ prefix, delimiter }: { prefix: string; delimiter?: string }, signal: AbortSignal) {
    const { client, bucket, keyPrefix } = this.#options;
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: keyPrefix + prefix,
      ...(delimiter !== undefined && { Delimiter: delimiter }),
    });
    try {
      const {
        Contents = [],
        CommonPrefixes = [],
        IsTruncated = false,
      } = await client.send(command, { abortSignal: signal });
      const own = (name: string | undefined) => (name ?? '').slice(keyPrefix.length);
      return {
        keys: Contents.map(({ Key }) => own(Key)),
        prefixes: CommonPrefixes.map(({ Prefix }) => own(Prefix)),
        truncated: IsTruncated,
      };
    } catch (error) {
      const { status, code } = storeErrorOf(error);
      throw Object.assign(new Error(`a listing was answered ${status ?? 'not at all'}`), { status, code });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]));
}

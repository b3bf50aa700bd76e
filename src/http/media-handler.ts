import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ByteRange, rangeLength } from '../lib/byte-range.ts';
import { parseKey, statusOf } from '../media/key.ts';
import type { Answer, Found, ReadThrough, Redirect, Want } from '../media/read-through.ts';
import { matchRoute } from '../media/route.ts';
import type { AccessRecord } from './access-log.ts';
import { objectHeaders, preflightHeaders, redirectHeaders, safetyHeaders } from './answer-headers.ts';
import { cacheStatus } from './cache-status.ts';
import { evaluate } from './conditional.ts';
import { firstByte } from './first-byte.ts';
import type { PurgeSecret } from './purge-secret.ts';
import { contentRange, parseRange, rangeHint, unsatisfiedContentRange } from './range.ts';
import { sendRefusal } from './refusal.ts';
import { namedHost } from './request-host.ts';

export interface MediaHandlerOptions {
  readonly routes: readonly { host: string; prefix: string }[];
  readonly cors: string;
  readonly reads: Pick<ReadThrough, 'find' | 'purge'>;
  /** Left out: nobody may purge. */
  readonly purgeSecret?: PurgeSecret;
  readonly purged: (purge: PurgeRecord) => void;
}

/** A purge that was asked for. */
export interface PurgeRecord {
  readonly key: string;
  readonly address: string;
  readonly outcome: 'done' | 'denied';
}

/** From a request to a key, and from an answer to HTTP. What the answer is, `media/read-through.ts` decides. */
export class MediaHandler {
  readonly #options: MediaHandlerOptions;
  readonly #methods: readonly string[];

  constructor(options: MediaHandlerOptions) {
    this.#options = options;
    this.#methods = ['GET', 'HEAD', 'OPTIONS', ...(options.purgeSecret ? ['PURGE'] : [])];
  }

  async handle(request: FastifyRequest, reply: FastifyReply, record: AccessRecord): Promise<void> {
    const key = this.#keyOf(request, reply, record);
    if (key === undefined) return;
    record.key = key;
    if (this.#purge(key, request, reply, record)) return;
    const left = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) left.abort();
    });
    let answer: Answer | Redirect;
    try {
      answer = await this.#options.reads.find(key, wanted(request), left.signal);
    } catch (error) {
      // The reader left: there is nobody to answer.
      if (left.signal.aborted) return void reply.hijack();
      throw error;
    }
    record.headMs = performance.now() - record.beganMs;
    switch (answer.kind) {
      case 'found':
        record.tier = answer.tier;
        return await this.#serve(request, reply, record, answer);
      case 'redirect':
        record.tier = 'bucket';
        reply.code(302).headers(redirectHeaders(answer.location, this.#options.cors)).send();
        return;
      case 'absent':
        record.why = answer.why;
        return sendRefusal(reply, this.#options.cors, 404);
      case 'unavailable':
        record.why = answer.bucket ?? 'sources';
        return sendRefusal(reply, this.#options.cors, 503);
    }
  }

  /** The key, or undefined when the request was answered: refused, or a preflight. */
  #keyOf(request: FastifyRequest, reply: FastifyReply, record: AccessRecord): string | undefined {
    const { cors, routes } = this.#options;
    const refuse = (status: number, why: string, headers: Record<string, string> = {}): undefined => {
      record.why = why;
      sendRefusal(reply, cors, status, headers);
    };
    const named = namedHost(request.raw);
    if (named.kind === 'several' || (named.kind === 'none' && request.raw.httpVersion !== '1.0'))
      return refuse(400, 'bad-host');
    const authority = named.kind === 'one' ? named.authority : undefined;
    const route = matchRoute(routes, authority, request.originalUrl);
    if (route.kind === 'bad-target') return refuse(400, route.kind);
    if (route.kind !== 'match') return refuse(404, route.kind);
    if (request.method === 'OPTIONS') {
      reply.code(204).headers(preflightHeaders(cors)).send();
      return undefined;
    }
    if (!this.#methods.includes(request.method)) return refuse(405, 'method', { allow: this.#methods.join(', ') });
    const parsed = parseKey(route.rest);
    return parsed.ok ? parsed.key : refuse(statusOf(parsed.reason), parsed.reason);
  }

  /**
   * Whether the request was about a purge, and is answered: `PURGE`, or a GET that carries the secret, which is what Mastodon sends unless
   * told otherwise (`CACHE_BUSTER_HTTP_METHOD`). Such a GET brings nothing: what it would fetch is what was just deleted.
   */
  #purge(key: string, request: FastifyRequest, reply: FastifyReply, record: AccessRecord): boolean {
    const { cors, purgeSecret, reads, purged } = this.#options;
    const secret = purgeSecret?.in(request.headers) ?? 'none';
    if (secret === 'none' && request.method !== 'PURGE') return false;
    const outcome = secret === 'right' ? 'done' : 'denied';
    purged({ key, address: record.address, outcome });
    if (outcome === 'denied') {
      record.why = 'purge-denied';
      sendRefusal(reply, cors, 403);
      return true;
    }
    record.why = 'purged';
    reads.purge(key);
    reply
      .code(204)
      .headers({
        ...safetyHeaders(cors),
        'cache-control': 'no-store',
        'cache-status': cacheStatus({ tier: record.tier }),
      })
      .send();
    return true;
  }

  async #serve(request: FastifyRequest, reply: FastifyReply, record: AccessRecord, found: Found): Promise<void> {
    const { body } = found;
    const { meta } = body;
    const method = request.method as 'GET' | 'HEAD';
    const headers = this.#headersOf(found);
    const outcome = evaluate({ method, headers: request.headers, meta });
    if (outcome.status !== 'go') {
      body.release();
      if (outcome.status === 412) return sendRefusal(reply, this.#options.cors, 412);
      const { 'content-type': _, ...validators } = headers;
      reply.code(304).headers(validators).send();
      return;
    }
    const asked = outcome.useRange ? parseRange(request.headers.range, meta.size) : { kind: 'whole' as const };
    if (asked.kind === 'unsatisfiable') {
      body.release();
      return sendRefusal(reply, this.#options.cors, 416, { 'content-range': unsatisfiedContentRange(meta.size) });
    }
    const range = asked.kind === 'one' ? asked.range : undefined;
    const length = range ? rangeLength(range) : meta.size;
    record.bytes = method === 'HEAD' ? 0 : length;
    reply.code(range ? 206 : 200).headers({ ...headers, 'content-length': String(length) });
    if (range) reply.header('content-range', contentRange(range, meta.size));
    if (method === 'HEAD' || length === 0) {
      body.release();
      reply.send();
      return;
    }
    await this.#sendBytes(reply, record, found, range);
  }

  async #sendBytes(
    reply: FastifyReply,
    record: AccessRecord,
    { body }: Found,
    range: ByteRange | undefined,
  ): Promise<void> {
    if (body.bytes) {
      const { bytes } = body;
      body.release();
      reply.send(range ? bytes.subarray(range.first, range.last + 1) : bytes);
      return;
    }
    let stream: Readable;
    try {
      stream = await firstByte(await body.open(range), reply.raw);
    } catch (error) {
      body.release();
      record.bytes = 0;
      record.why = (error as { code?: string }).code ?? 'read-failed';
      for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
      sendRefusal(reply, this.#options.cors, 503);
      return;
    }
    stream.once('close', () => body.release());
    stream.once('error', (error: Error & { code?: string }) => {
      record.why = error.code ?? 'read-failed';
    });
    // An error from here on destroys the socket: the length that was announced is never reached by a clean end.
    reply.send(stream);
  }

  #headersOf(found: Found): Record<string, string> {
    const { tier, collapsed, stored, ageMs, ttlMs } = found;
    return objectHeaders(found.body.meta, {
      cors: this.#options.cors,
      cacheStatus: cacheStatus({
        tier,
        collapsed,
        stored,
        ...(ttlMs === undefined ? {} : { ttlSeconds: ttlMs / 1000 }),
      }),
      ...(ageMs === undefined ? {} : { ageSeconds: ageMs / 1000 }),
    });
  }
}

/** `bytes=0-` is everything, however it is written: it is read as a whole, and kept. */
function wanted(request: FastifyRequest): Want {
  if (request.method === 'HEAD') return { head: true, hint: undefined };
  const hint = rangeHint(request.headers.range);
  const everything = hint !== undefined && 'first' in hint && hint.first === 0 && hint.last === undefined;
  return { head: false, hint: everything ? undefined : hint };
}

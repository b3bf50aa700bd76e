import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SharedLook } from '../lib/shared-look.ts';
import { matchRoute, type Route } from '../media/route.ts';
import { type PublicFacts, publicHtml } from '../page/public-html.ts';
import type { AccessRecord } from './access-log.ts';
import { pageHeaders, publicPolicy } from './page-headers.ts';
import { namedHost } from './request-host.ts';

export interface PublicStatusOptions {
  readonly facts: () => Promise<PublicFacts>;
  /** Its CSS. */
  readonly style: Buffer;
  readonly routes: readonly Route[];
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** No key is called so, nor anything below it (`media/key.ts`): the page stands before nobody's media, and what the bucket has there is not shown. */
const path = '/_upstairs';
/** How long a page is good for everybody, and when a browser asks again. */
const freshMs = 10_000;
const refreshSeconds = 30;

/** `/_upstairs` of the read host: how far the move is, for everybody. However many ask, it is made once in ten seconds. */
export class PublicStatus {
  readonly #options: PublicStatusOptions;
  readonly #page: SharedLook<Buffer>;
  readonly #stylePath: string;
  readonly #headers = pageHeaders(publicPolicy);

  constructor(options: PublicStatusOptions) {
    const { facts, style, now, failed } = options;
    this.#options = options;
    this.#stylePath = `${path}/${createHash('sha256').update(style).digest('hex').slice(0, 16)}.css`;
    const look = async () => {
      try {
        return Buffer.from(publicHtml(await facts(), this.#stylePath));
      } catch (error) {
        failed(error);
        throw error;
      }
    };
    // However many strangers ask, it is looked for and told once in that time, also where it fails.
    this.#page = new SharedLook({ look, maxAgeMs: freshMs, failureMs: freshMs, now });
  }

  /** False: it is about something else, and was not answered. */
  async handle(request: FastifyRequest, reply: FastifyReply, record: AccessRecord): Promise<boolean> {
    const [asked] = request.originalUrl.split('?', 1);
    if (asked !== path && asked !== this.#stylePath) return false;
    if (!['GET', 'HEAD'].includes(request.method) || !this.#isOurHost(request)) return false;
    record.why = 'public-status';
    if (asked === path) await this.#sendPage(reply, record);
    else this.#send(reply, record, this.#options.style, 'text/css', 'public, max-age=31536000, immutable');
    return true;
  }

  async #sendPage(reply: FastifyReply, record: AccessRecord): Promise<void> {
    let page: Buffer;
    try {
      page = await this.#page.now();
    } catch {
      reply.code(503).headers({ ...this.#headers, 'cache-control': 'no-store', 'retry-after': '30' });
      reply.type('text/plain; charset=utf-8').send('503 It cannot be told now.\n');
      return;
    }
    reply.header('refresh', String(refreshSeconds));
    this.#send(reply, record, page, 'text/html', `public, max-age=${freshMs / 1000}`);
  }

  #send(reply: FastifyReply, record: AccessRecord, bytes: Buffer, type: string, cacheControl: string): void {
    const head = reply.request.method === 'HEAD';
    record.bytes = head ? 0 : bytes.length;
    reply.headers({ ...this.#headers, 'cache-control': cacheControl, 'content-type': `${type}; charset=utf-8` });
    if (head) reply.header('content-length', String(bytes.length)).send();
    else reply.send(bytes);
  }

  #isOurHost(request: FastifyRequest): boolean {
    const named = namedHost(request.raw);
    if (named.kind !== 'one') return false;
    const { kind } = matchRoute(this.#options.routes, named.authority, path);
    return kind === 'match' || kind === 'no-prefix';
  }
}

import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { signAgain } from './sign-again.ts';

/** A request as a rule sees it: the path decoded and without its query. */
export interface ProxiedRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
}

/**
 * What becomes of a request.
 * - `swallow-answer`: it goes on whole; when the answer has come, the client's connection breaks instead.
 * - `hang`: it goes on, and the answer waits for `release()`.
 * - `refuse`: the connection breaks at once.
 * - `status`: the proxy answers itself; nothing goes on.
 * - `before`: it goes on after the hook. `delayMs`: it goes on later.
 * - `abortAfterRequestBytes`: so much of the body goes on, then both connections break.
 * - `abortAfterResponseBytes`: so much of the answer's body comes back, then both connections break.
 */
export type Decision =
  | 'pass'
  | 'swallow-answer'
  | 'hang'
  | 'refuse'
  | { status: number; headers?: Record<string, string>; body?: string }
  | { delayMs: number }
  | { before: () => unknown }
  | { abortAfterRequestBytes: number }
  | { abortAfterResponseBytes: number };

export type Decide = (request: ProxiedRequest) => Decision | Promise<Decision>;

export interface FaultProxy extends AsyncDisposable {
  /** http://127.0.0.1:PORT */
  endpoint: string;
  /** May be replaced at any time; counts from the next request on. */
  decide: Decide;
  /** Every request, oldest first; `status` is the target's answer or our own, undefined while there is none. */
  seen: { method: string; path: string; query: URLSearchParams; status: number | undefined }[];
  /** Lets the answers go that hang now. */
  release(): void;
  close(): Promise<void>;
}

interface Options {
  /** Headers that do not go on. The request is signed anew for the target: they may have been signed. */
  dropHeader?: string[];
  /** How far the clock is off that requests are signed anew with, in milliseconds. */
  clockOffMs?: number;
  /** Headers of answers that are replaced; names in lower case. */
  answerHeader?: Record<string, () => string>;
  accessKey?: string;
  secretKey?: string;
}

/** An HTTP proxy before `target` (http://HOST:PORT) that breaks things by rule. */
export async function faultProxy(
  target: string,
  decide: Decide = () => 'pass',
  options: Options = {},
): Promise<FaultProxy> {
  const { dropHeader = [], clockOffMs = 0, answerHeader = {}, accessKey = 'test', secretKey = 'testtest' } = options;
  const agent = new Agent({ keepAlive: false });
  let gate = Promise.withResolvers<void>();
  let closed = false;

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', target);
    const entry: FaultProxy['seen'][number] = {
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      status: undefined,
    };
    proxy.seen.push(entry);
    const decision = await proxy.decide({ ...entry, headers: request.headers });
    if (decision === 'refuse') return void request.socket.resetAndDestroy();
    if (typeof decision === 'object') {
      if ('status' in decision) {
        entry.status = decision.status;
        request.resume();
        return void response.writeHead(decision.status, decision.headers).end(decision.body);
      }
      if ('delayMs' in decision) await sleep(decision.delayMs);
      if ('before' in decision) await decision.before();
    }
    await forward(request, response, decision, entry);
  }

  async function forward(
    request: IncomingMessage,
    response: ServerResponse,
    decision: Decision,
    entry: FaultProxy['seen'][number],
  ): Promise<void> {
    const { expect: _, connection: __, ...headers } = request.headers; // hop by hop; the server said 100 Continue
    const onward = send(target, {
      agent,
      method: entry.method,
      path: request.url,
      setHost: false,
      headers:
        dropHeader.length > 0 || clockOffMs !== 0
          ? await signAgain(request, target, { dropHeader, clockOffMs, accessKey, secretKey })
          : headers,
    });
    const breakBoth = () => {
      onward.destroy();
      request.socket.destroy();
    };
    const held = decision === 'swallow-answer' || decision === 'hang';
    response.once('close', () => {
      // A reader who left; an answer held back has no reader, and its request must arrive all the same.
      if (!held || !request.complete) onward.destroy();
    });
    onward.once('error', breakBoth);

    if (typeof decision === 'object' && 'abortAfterRequestBytes' in decision) {
      request.pipe(cutAfter(decision.abortAfterRequestBytes, breakBoth)).pipe(onward);
    } else {
      request.pipe(onward);
    }
    const [answer] = (await once(onward, 'response')) as [IncomingMessage];
    answer.once('error', breakBoth);
    entry.status = answer.statusCode;
    if (decision === 'swallow-answer') {
      await finished(answer.resume());
      return void request.socket.destroy();
    }
    if (decision === 'hang') await gate.promise;
    if (closed) return breakBoth();
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, replaced(answer.rawHeaders, answerHeader));
    if (typeof decision === 'object' && 'abortAfterResponseBytes' in decision) {
      answer.pipe(cutAfter(decision.abortAfterResponseBytes, breakBoth)).pipe(response);
    } else {
      answer.pipe(response);
    }
  }

  async function close(): Promise<void> {
    closed = true;
    gate.resolve();
    agent.destroy();
    await new Promise<void>((done) => {
      server.close(() => done()); // also when it is closed already
      server.closeAllConnections();
    });
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    decide,
    seen: [],
    release() {
      gate.resolve();
      gate = Promise.withResolvers<void>();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return proxy;
}

/** Raw headers (name, value, name, value ...) with other values for some names. */
function replaced(raw: string[], others: Record<string, () => string>): string[] {
  return raw.map((text, i) => (i % 2 === 1 ? (others[raw[i - 1]?.toLowerCase() ?? '']?.() ?? text) : text));
}

/** Passes `bytes` on, gives them a moment to be sent, and then breaks. */
function cutAfter(bytes: number, breakBoth: () => void): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const kept = chunk.subarray(0, left);
      left -= kept.length;
      if (kept.length === chunk.length) return done(null, chunk);
      this.push(kept);
      setTimeout(breakBoth, 50);
    },
  });
}

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Logger } from 'pino';
import type { WriteConfig } from '../config/write-schema.ts';
import { refuseUnparsed } from '../http/client-errors.ts';
import { TrustedPeers } from '../http/trusted-peers.ts';
import type { Reply } from './call.ts';
import { errorXml } from './error-xml.ts';
import type { RawRequest } from './raw-request.ts';
import { RelayedError } from './relayed-error.ts';
import { S3Error } from './s3-error.ts';

/** A request on its way in. */
export interface Incoming {
  readonly raw: RawRequest;
  readonly requestId: string;
  /** Of the client, as far as trusted proxies tell. */
  readonly address: string;
  /** It came over TLS, or through a trusted proxy. */
  readonly secure: boolean;
  /** The body's bytes. Asks the client for them if it waits to be asked (RFC 9110 §10.1.1). */
  readonly body: () => IncomingMessage;
  readonly signal: AbortSignal;
}

export interface WriteServerOptions {
  /** The slice of the configuration; durations in milliseconds. */
  readonly write: WriteConfig;
  /** Throws an S3Error for what is refused. */
  readonly handle: (incoming: Incoming) => Promise<Reply>;
  readonly logger: Logger;
}

/** The write host: from HTTP to a handler, and back. Every request, whatever its path, meets that one handler. */
export function createWriteServer(options: WriteServerOptions): FastifyInstance {
  const { write } = options;
  const peers = new TrustedPeers(write.trustProxy);
  const app = fastify({
    logger: false,
    trustProxy: write.trustProxy.length === 0 ? false : write.trustProxy,
    keepAliveTimeout: write.keepAliveTimeout,
    // A body may take hours; silence is what `connectionTimeout` is for.
    requestTimeout: 0,
    connectionTimeout: write.stallTimeout,
    forceCloseConnections: 'idle',
    // What comes on a connection that is kept while the program stops is answered too, and is the last there.
    return503OnClosing: false,
    http: { requireHostHeader: false, headersTimeout: write.requestTimeout },
    clientErrorHandler: (error, socket) => refuseUnparsed(error, socket, 'null'),
    exposeHeadRoutes: false,
    rewriteUrl: () => '/',
    genReqId: () => randomBytes(8).toString('hex').toUpperCase(),
  });
  const server = app.server as Server;
  server.maxConnections = write.maxConnections;
  // Node would ask for the body by itself, before anybody knows who sends it.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(417, { connection: 'close', 'content-length': '0' }).end();
  });
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const left = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) left.abort();
    });
    await answer(request, reply, left.signal);
    return reply;
  });
  app.all('/', () => undefined);
  app.setNotFoundHandler(() => undefined);
  // An answer's stream that breaks before its first byte: the headers told of another answer than any that could be given now.
  app.setErrorHandler((error, _request, reply) => {
    options.logger.warn({ error }, 'an answer of the write host could not be begun');
    reply.hijack();
    reply.raw.destroy();
  });

  async function answer(request: FastifyRequest, reply: FastifyReply, signal: AbortSignal): Promise<void> {
    let asked = !isWaiting(request.raw);
    const incoming: Incoming = {
      raw: rawOf(request),
      requestId: request.id,
      address: request.ip,
      secure: peers.secure(request.raw),
      body: () => {
        if (!asked) reply.raw.writeContinue();
        asked = true;
        return request.raw;
      },
      signal,
    };
    let answered: Reply;
    try {
      answered = await options.handle(incoming);
    } catch (error) {
      if (signal.aborted) return void reply.hijack();
      if (!isKnown(error)) options.logger.error({ error }, 'a request to the write host failed in an unexpected way');
      answered = refusal(error, incoming);
    }
    // Whether the body that was not asked for comes all the same is not known: where the next request begins neither.
    if (!asked) reply.header('connection', 'close');
    // What is left of a body that was not read to its end is thrown away: the next request begins behind it.
    reply.raw.once('finish', () => request.raw.unpipe().resume());
    send(reply, answered, request.id);
  }
  return app;
}

function send(reply: FastifyReply, { status, headers = {}, body }: Reply, requestId: string): void {
  reply
    .code(status)
    .headers({ ...headers })
    .header('x-amz-request-id', requestId);
  if (typeof body === 'string') reply.header('content-type', 'application/xml');
  // An error of a stream destroys the socket: the length that was announced is never reached by a clean end.
  reply.send(body);
}

function refusal(error: unknown, { raw, requestId }: Incoming): Reply {
  const known = isKnown(error) ? error : new S3Error('InternalError', 'An unexpected error; see the log.');
  const retry = known.status === 503 ? { 'retry-after': '5' } : {};
  if (raw.method === 'HEAD') return { status: known.status, headers: { ...retry, 'content-length': '0' } };
  const body = errorXml({ code: known.code, message: known.message, resource: raw.rawPath, requestId });
  return { status: known.status, headers: retry, body };
}

function isKnown(error: unknown): error is S3Error | RelayedError {
  return error instanceof S3Error || error instanceof RelayedError;
}

function isWaiting({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.expect?.toLowerCase() === '100-continue' && httpVersion !== '1.0';
}

/** `originalUrl`: the router sees another. */
function rawOf({ method, originalUrl: url, raw: { rawHeaders } }: FastifyRequest): RawRequest {
  const at = url.indexOf('?');
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.push([rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!]);
  return {
    method,
    rawPath: at < 0 ? url : url.slice(0, at),
    rawQuery: at < 0 ? '' : url.slice(at + 1),
    headers,
  };
}

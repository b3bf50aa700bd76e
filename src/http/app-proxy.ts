import { type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type AppRecord, appRecord } from './app-record.ts';
import { refuseInstead } from './app-refusal.ts';
import type { AppTarget } from './app-target.ts';
import { forwardedFields } from './forwarded-fields.ts';
import { endToEnd, type Field, fieldsOf } from './hop-by-hop.ts';
import { type PassingTrouble, passOn } from './pass-on.ts';
import { relayAnswer } from './relay-answer.ts';
import { peerOf, type TrustedPeers } from './trusted-peers.ts';
import { Tunnel } from './tunnel.ts';
import { bodyOf, type Upstream } from './upstream.ts';

export interface AppProxyOptions {
  readonly web: Upstream;
  /** Left out: no request is for it. */
  readonly streaming?: Upstream | undefined;
  readonly peers: TrustedPeers;
  readonly answerWithinMs: number;
  readonly stallMs: number;
  /** For WebSockets when the program stops, in milliseconds. */
  readonly farewellMs: number;
  /** Told of every piece of a body that passes, in bytes. */
  readonly moved: (bytes: number) => void;
  /** Told of every answer when it is over, and of every WebSocket when it is open. */
  readonly passed: (record: AppRecord) => void;
  /** Told of every WebSocket that opens (1) or is gone (-1). */
  readonly webSockets: (change: 1 | -1) => void;
}

type Decided = Exclude<AppTarget, { kind: 'media' }>;
type ToUpstream = Extract<AppTarget, { kind: 'upstream' }>;

/**
 * Requests to Mastodon, and what it answers. Not by @fastify/http-proxy: that opens a WebSocket before Mastodon has agreed, makes another
 * path of one that was decided on, goes on when the client has left, and loses uploads over HTTP/2.
 */
export class AppProxy {
  readonly #options: AppProxyOptions;
  /** How to end each of what would not end by itself. */
  readonly #endless = new Set<() => void>();
  #leaving = false;

  constructor(options: AppProxyOptions) {
    this.#options = options;
  }

  /** @param url as it came. */
  handle(request: IncomingMessage, response: ServerResponse, url: string, target: Decided): void {
    const record = this.#record(request, response, url);
    const waiting = isWaiting(request);
    if (target.kind === 'refused') {
      record.why = target.why;
      response.once('finish', () => request.resume());
      refuseInstead(request, response, target.status, { closing: waiting });
      return;
    }
    const { expected: hasBody, fields } = bodyOf(request);
    // What is left of a body that was not taken is thrown away: the next request begins behind it.
    response.once('finish', () => request.unpipe().resume());
    this.#send(request, response, record, { target, fields, hasBody, waiting });
  }

  /** A request for a WebSocket. Only those that are for an upstream may be taken as such. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, target: ToUpstream): void {
    socket.on('error', () => undefined);
    socket.on('timeout', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    const record = this.#record(request, response, request.url ?? '');
    const { headers } = request;
    const fields: Field[] = [
      ['Connection', 'Upgrade'],
      ['Upgrade', String(headers.upgrade)],
    ];
    const sent = this.#send(request, response, record, { target, fields, hasBody: false, waiting: false });
    sent?.out.once('upgrade', (answer: IncomingMessage, upstream: Socket, upstreamHead: Buffer) => {
      if (!sent.takeOver()) return void upstream.destroy();
      response.detachSocket(socket);
      record.status = 101;
      record.headMs = performance.now() - record.beganMs;
      this.#finished(record);
      socket.write(switching(answer), 'latin1');
      if (head.length > 0) socket.unshift(head);
      if (upstreamHead.length > 0) upstream.unshift(upstreamHead);
      this.#open(socket, upstream);
    });
  }

  /** Ends what would not end by itself: WebSockets and streams of events, whose clients come back by themselves. */
  goAway(): void {
    this.#leaving = true;
    for (const end of [...this.#endless]) end();
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    record: AppRecord,
    { target, fields, ...body }: { target: ToUpstream; fields: readonly Field[]; hasBody: boolean; waiting: boolean },
  ): { out: ClientRequest; takeOver: () => boolean } | undefined {
    const { answerWithinMs, stallMs, moved } = this.#options;
    record.upstream = target.upstream;
    const fail = (trouble: PassingTrouble, asked: boolean) => {
      record.why = trouble;
      record.headMs = performance.now() - record.beganMs;
      request.setTimeout(stallMs);
      refuseInstead(request, response, statuses[trouble], { closing: !asked || trouble === 'silent' });
    };
    const upstream =
      target.upstream === 'streaming' ? (this.#options.streaming ?? this.#options.web) : this.#options.web;
    const out = upstream.begin({
      method: request.method ?? 'GET',
      path: target.path,
      fields: [...this.#fieldsFor(request, target.host), ...fields],
    });
    const takeOver = passOn({
      request,
      response,
      out,
      ...body,
      sent: moved,
      answerWithinMs,
      answered: (answer, { asked }) => {
        request.setTimeout(stallMs);
        record.headMs = performance.now() - record.beganMs;
        // Whether the body that was not asked for comes all the same is not known.
        if (!asked && request.httpVersionMajor === 1) response.setHeader('Connection', 'close');
        try {
          relayAnswer(answer, response, (bytes) => {
            record.bytes += bytes;
            moved(bytes);
          });
        } catch {
          // Bytes that no field may have: it is no answer.
          out.destroy();
          return fail('down', asked);
        }
        if (/^text\/event-stream\b/i.test(answer.headers['content-type'] ?? '')) this.#stream(answer, response);
      },
      failed: (trouble, { asked }) => fail(trouble, asked),
    });
    return { out, takeOver };
  }

  #fieldsFor(request: IncomingMessage, host: string): Field[] {
    const { peers } = this.#options;
    const peer = peerOf(request);
    return forwardedFields(fieldsOf(request.rawHeaders), {
      peer,
      trusted: peers.trusts(peer),
      client: peers.clientOf(request),
      secure: 'encrypted' in request.socket && request.socket.encrypted === true,
      host,
    });
  }

  #stream(answer: IncomingMessage, response: ServerResponse): void {
    const end = () => {
      answer.unpipe(response);
      response.end();
      answer.destroy();
    };
    this.#endless.add(end);
    response.once('close', () => this.#endless.delete(end));
    if (this.#leaving) end();
  }

  #open(client: Socket, upstream: Socket): void {
    const { stallMs, farewellMs, webSockets } = this.#options;
    const leave = () => tunnel.goAway(farewellMs);
    const tunnel = new Tunnel({
      client,
      upstream,
      lingerMs: stallMs,
      closed: () => {
        this.#endless.delete(leave);
        webSockets(-1);
      },
    });
    webSockets(1);
    this.#endless.add(leave);
    if (this.#leaving) leave();
  }

  #record(request: IncomingMessage, response: ServerResponse, url: string): AppRecord {
    const record = appRecord(request.method ?? '', url, this.#options.peers.clientOf(request));
    response.once('close', () => {
      if (record.status !== 0) return;
      record.status = response.statusCode;
      record.cut = !response.writableFinished;
      this.#finished(record);
    });
    return record;
  }

  #finished(record: AppRecord): void {
    record.totalMs = performance.now() - record.beganMs;
    this.#options.passed(record);
  }
}

const statuses: Readonly<Record<PassingTrouble, number>> = { down: 502, late: 504, silent: 408 };

function isWaiting({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.expect?.toLowerCase() === '100-continue' && httpVersion !== '1.0';
}

/** The upstream's own words, for the connection to the client. */
function switching({ rawHeaders, headers }: IncomingMessage): string {
  const fields: Field[] = [
    ['Connection', 'Upgrade'],
    ['Upgrade', String(headers.upgrade ?? 'websocket')],
    ...endToEnd(fieldsOf(rawHeaders)),
  ];
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  return ['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n');
}

import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { type Agent, request as sendHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';

export type Protocol = 'HTTP/1.1' | 'HTTP/2';

/** Where to ask, and whom to believe: names are not looked up, everything is at 127.0.0.1. */
export interface HttpsServer {
  readonly port: number;
  /** The authority's certificate, PEM. */
  readonly ca: string;
}

export interface HttpsAsk {
  readonly host: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** The client's own address. */
  readonly from?: string;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
  /** What broke the answer off; undefined: it ended well. */
  readonly broken: string | undefined;
}

/** One request on a connection of its own. Takes the whole answer, or what came of it. */
export function askHttps(protocol: Protocol, server: HttpsServer, ask: HttpsAsk): Promise<HttpsAnswer> {
  return protocol === 'HTTP/2' ? overHttp2(server, ask) : overHttp1(server, ask);
}

async function overHttp1({ port, ca }: HttpsServer, ask: HttpsAsk): Promise<HttpsAnswer> {
  const { host, path, method = 'GET', headers = {}, body, from } = ask;
  const request = sendHttps({
    ...{ host: '127.0.0.1', port, servername: host, ca, path, method, agent: false as unknown as Agent },
    ...(from && { localAddress: from }),
    headers: { host: `${host}:${port}`, ...headers },
  });
  request.end(body);
  const [answer] = await once(request, 'response');
  return { status: answer.statusCode ?? 0, headers: answer.headers, ...(await taken(answer)) };
}

async function overHttp2({ port, ca }: HttpsServer, ask: HttpsAsk): Promise<HttpsAnswer> {
  const { host, path, method = 'GET', headers = {}, body, from } = ask;
  const socket = connectTls({
    ...{ host: '127.0.0.1', port, servername: host, ca, ALPNProtocols: ['h2'] },
    ...(from && { localAddress: from }),
  });
  await once(socket, 'secureConnect');
  if (socket.alpnProtocol !== 'h2') throw new Error('the server does not speak HTTP/2');
  const session = connectHttp2(`https://${host}:${port}`, { createConnection: () => socket });
  session.on('error', () => {}); // the stream tells of it
  const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: body === undefined });
  if (body) stream.end(body);
  const [answer] = await once(stream, 'response');
  const { ':status': status, ...others } = answer;
  const rest = await taken(stream);
  session.destroy();
  return { status, headers: others, ...rest };
}

async function taken(stream: Readable): Promise<Pick<HttpsAnswer, 'body' | 'text' | 'broken'>> {
  const pieces: Buffer[] = [];
  let broken: string | undefined;
  try {
    for await (const piece of stream) pieces.push(piece as Buffer);
  } catch (error) {
    broken = (error as { code?: string }).code ?? String(error);
  }
  const body = Buffer.concat(pieces);
  return { body, text: body.toString(), broken };
}

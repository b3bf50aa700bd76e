import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { type FastifyInstance, fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drain } from '../../../src/http/drain.ts';
import { Front, type Site } from '../../../src/http/front.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { needs } from '../../support/left-out.ts';

describe.skipIf(needs('openssl').skip)('one port for two sites', () => {
  const one = makeCertificate(['one.test']);
  const two = makeCertificate(['two.test']);
  const ca = readFileSync(one.ca, 'utf8');
  let front: Front;
  let port: number;

  function answering(name: string): FastifyInstance {
    const app = fastify({ keepAliveTimeout: 5000, connectionTimeout: 5000, forceCloseConnections: 'idle' });
    app.server.maxConnections = 100;
    app.all('*', async () => name);
    return app;
  }

  async function listening(): Promise<{ front: Front; port: number }> {
    const listen = { host: '127.0.0.1', port: 0 };
    const sites: Site[] = [
      { name: 'app', hosts: ['one.test'], listen, tls: { ...one, http2: true }, app: answering('one') },
      { name: 'write', hosts: ['two.test'], listen, tls: two, app: answering('two') },
    ];
    const front = await Front.open({ sites, renewed: () => {}, notRenewed: () => {} });
    return { front, port: await front.listen() };
  }

  beforeAll(async () => {
    ({ front, port } = await listening());
  });
  afterAll(() => front.close());

  async function opened(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connectTls({ port, host: '127.0.0.1', ca, rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    return socket;
  }

  test.each([
    ['one.test', 'one.test'],
    ['two.test', 'two.test'],
    ['TWO.Test', 'two.test'],
    ['two.test.', 'two.test'],
    ['bucket.two.test', 'two.test'],
    ['stranger.test', 'one.test'],
    [undefined, 'one.test'],
  ])('shows to who asks for %s the certificate of %s, and HTTP/2 where that has it', async (servername, owner) => {
    const socket = await opened({ ...(servername && { servername }), ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${owner}`);
    expect(socket.alpnProtocol).toBe(owner === 'one.test' ? 'h2' : 'http/1.1');
    socket.destroy();
  });

  test('takes requests for both in turn on one connection', async () => {
    const socket = await opened({ servername: 'one.test' });
    for (const [i, host] of ['one.test', 'two.test', 'ONE.test:443', 'two.test.'].entries())
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n${i === 3 ? 'Connection: close\r\n' : ''}\r\n`);
    const answers = (await text(socket)).match(/\r\n\r\n(one|two)/g)?.map((answer) => answer.trim());
    expect(answers).toEqual(['one', 'two', 'one', 'two']);
  });

  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: two.test\r\n\r\n';
  const chunks = `0\r\n\r\n${smuggled}`;
  test.each([
    ['two lengths', `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`],
    ['a length and chunks', `Content-Length: ${chunks.length}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`],
    ['chunks and a length', `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${chunks}`],
    ['chunks that are not the last coding', `Transfer-Encoding: chunked, identity\r\n\r\n${chunks}`],
    ['a coding that hides in another line', `Transfer-Encoding: x\r\n chunked\r\n\r\n${chunks}`],
    ['a space before the colon', `Content-Length : ${smuggled.length}\r\n\r\n${smuggled}`],
    ['a signed length', `Content-Length: +${smuggled.length}\r\n\r\n${smuggled}`],
    ['lines that end in LF alone', `X: y\nContent-Length: ${smuggled.length}\n\n${smuggled}`],
    ['lines that end in CR alone', `X: y\rContent-Length: ${smuggled.length}\r\r${smuggled}`],
    ['a chunk length that overflows', `Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n${smuggled}`],
    ['a chunk with LF alone', `Transfer-Encoding: chunked\r\n\r\n0\n\n${smuggled}`],
    ['a folded field', `X: y\r\n Host: two.test\r\n\r\n${smuggled}`],
  ])('answers once at most, and hangs up, where a request could be read in two ways: %s', async (_, rest) => {
    const socket = await opened({ servername: 'one.test' });
    socket.write(`POST / HTTP/1.1\r\nHost: one.test\r\n${rest}`, 'latin1');
    const answer = await text(socket);
    // 415 where a site refuses the body before it came to its chunks.
    expect([[], ['HTTP/1.1 400'], ['HTTP/1.1 415']]).toContainEqual(answer.match(/^HTTP\/1\.1 \d+/gm) ?? []);
  });

  test('closes the connection of who sends a body, or waits to send it, to nobody', async () => {
    for (const expecting of ['', 'Expect: 100-continue\r\n']) {
      const socket = await opened({ servername: 'one.test' });
      socket.write(`PUT / HTTP/1.1\r\nHost: stranger.test\r\n${expecting}Content-Length: 40\r\n\r\n`);
      const answer = await text(socket);
      expect(answer).toMatch(/^HTTP\/1\.1 421 /);
      expect(answer.toLowerCase()).toContain('connection: close');
    }
  });

  test.each(['GET', 'HEAD', 'POST'])(
    'sends a %s for nobody away over HTTP/2, and not with a broken stream',
    async (method) => {
      const session = connectHttp2(`https://127.0.0.1:${port}`, { ca, servername: 'one.test' });
      const stream = session.request({ ':method': method, ':authority': 'stranger.test' });
      stream.end();
      const [{ ':status': status, 'content-length': length }] = await once(stream, 'response');
      expect([status, length]).toEqual([421, '43']);
      expect(await text(stream)).toHaveLength(method === 'HEAD' ? 0 : 43);
      expect(stream.rstCode).toBe(0);
      session.destroy();
    },
  );

  test.each([
    ['plain HTTP', 'GET / HTTP/1.1\r\nHost: one.test\r\n\r\n'],
    ['the PROXY protocol', 'PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n\r\n\0\r\nQUIT\n'],
    ['SSL 2', '\x80\x2e\x01\x03\x01'],
    ['junk', '\xff'.repeat(2000)],
  ])('is cut off without a word for %s', async (_, bytes) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end(bytes, 'latin1');
    const said = await text(socket).catch(() => '');
    expect(said).not.toContain('HTTP');
  });

  test('is closed without waiting for who begins a handshake and does not end it', async () => {
    const other = await listening();
    const socket = connect(other.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    await sleep(50);
    const began = performance.now();
    await drain(other.front, 10_000);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test('lets go over HTTP/2 whose handshake ends only after it began to close', async () => {
    const other = await listening();
    const socket = connect(other.port, '127.0.0.1');
    await once(socket, 'connect');
    await sleep(50);
    const began = performance.now();
    const closed = other.front.close();
    const late = connectTls({ socket, servername: 'one.test', ca, ALPNProtocols: ['h2'] });
    const session = connectHttp2('https://one.test', { createConnection: () => late });
    session.on('error', () => {});
    await once(session, 'goaway');
    await closed;
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

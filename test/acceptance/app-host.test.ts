import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as send,
} from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { makeCertificate } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { type Mastodon, mastodon } from '../support/mastodon.ts';
import { basement, jpeg } from '../support/media-files.ts';
import { PeakMemory } from '../support/peak-memory.ts';
import { sendRaw } from '../support/raw-http.ts';
import { scratch } from '../support/scratch.ts';
import { tierOf, type World, world } from '../support/world.ts';
import { clientBucket, writeWorld } from '../support/write-world.ts';

const picture = jpeg(5);
const host = 'app.test';

interface Site extends World {
  readonly web: Mastodon;
  readonly streaming: Mastodon;
  readonly port: number;
}

type AtEnd = (end: () => Promise<void>) => void;

const atTestEnd: AtEnd = (end) => onTestFinished(end);

async function site(app: Record<string, unknown> = {}, atEnd: AtEnd = atTestEnd, config = {}): Promise<Site> {
  const [web, streaming] = [await mastodon(), await mastodon()];
  for (const server of [web, streaming]) atEnd(() => server.close());
  const listening = { listen: '127.0.0.1:0', hosts: [host], web: web.url, streaming: streaming.url };
  const inner = await world({
    files: { 'a/b.jpg': picture },
    config: { ...config, phase: 'front', app: { ...listening, ...app } },
    atEnd: (end) => atEnd(async () => void (await end())),
  });
  return { ...inner, web, streaming, port: Number(new URL(inner.upstairs.appUrl ?? '').port) };
}

interface Ask {
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

function begin(port: number, path: string, { method = 'GET', headers = {} }: Ask = {}): ClientRequest {
  return send({ host: '127.0.0.1', port, path, method, headers: { host, ...headers }, agent: false });
}

async function ask(port: number, path: string, options: Ask = {}) {
  const request = begin(port, path, options);
  // One that was answered before it had sent everything meets a closed connection then.
  request.on('error', () => undefined);
  request.end(options.body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, answer, headers: answer.headers, text: await text(answer) };
}

function webSocket(port: number, path: string, protocols: string[] = [], headers = {}): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers: { host, ...headers } });
  socket.on('error', () => undefined);
  onTestFinished(() => socket.terminate());
  return socket;
}

describe.skipIf(needs('ceph').skip)('an app host of which no path is for media', () => {
  test('is refused: Mastodon itself would give out what was deleted, off the old disk', {
    timeout: 60_000,
  }, async () => {
    const [key, files] = ['a/b.jpg', { 'a/b.jpg': picture }];
    // As puma does with RAILS_SERVE_STATIC_FILES.
    const root = scratch('public');
    await basement(root, files);
    const puma = createServer((request, response) =>
      createReadStream(join(root, String(request.url).replace('/system/', ''))).pipe(response),
    );
    await once(puma.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void puma.close());
    const web = `http://127.0.0.1:${(puma.address() as AddressInfo).port}`;
    const app = { listen: '127.0.0.1:0', hosts: [host, `www.${host}`], web };
    const begun = writeWorld({ files, config: { app } });
    const seen = begun.then(
      async ({ client, upstairs }) => {
        await client().send(new DeleteObjectCommand({ Bucket: clientBucket, Key: key }));
        const port = Number(new URL(upstairs.appUrl ?? '').port);
        return (await ask(port, `/system/${key}`, { headers: { host: `www.${host}` } })).status;
      },
      (error: Error) => error.message,
    );
    expect(await seen).toMatch(/app\.hosts\.1: is a host of which read\.routes takes no path/);
  });
});

describe.skipIf(needs('ceph').skip)('the app host', () => {
  const ends: (() => Promise<void>)[] = [];
  let it: Site;

  beforeAll(async () => {
    it = await site({}, (end) => ends.unshift(end));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  describe('gives Mastodon', () => {
    test.each([
      '/a//b',
      '//evil.example/x',
      '/a/../b/./c',
      '/a/%2e%2E/b%2fc%20d',
      '/%zz?%zz&x=%7e|`^"',
      "/a'b(c)[d]{e}\\f",
      '/api/v1/streamingx',
      '/?',
    ])('the path %s as it stands', async (path) => {
      const { status, raw } = await sendRaw(
        it.port,
        `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      expect([status, raw.toString('latin1').split('\r\n\r\n')[1]]).toEqual([
        200,
        expect.stringContaining(`GET ${path}`),
      ]);
      expect(it.web.last().url).toBe(path);
    });

    test('the path of a request that names the whole URL', async () => {
      const line = `GET http://App.Test:80/x/%41?y HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n`;
      expect((await sendRaw(it.port, line)).status).toBe(200);
      expect([it.web.last().url, it.web.last().headers.host]).toEqual(['/x/%41?y', 'App.Test:80']);
    });

    test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PURGE', 'PROPFIND', 'REPORT'])('%s', async (method) => {
      const headers = { 'content-type': 'application/json', 'content-length': '7' };
      const answer = await ask(it.port, '/inbox?a=b', { method, headers, body: '{"a":1}' });
      expect([answer.status, answer.text]).toEqual([200, `${method} /inbox?a=b`]);
      expect(it.web.last()).toMatchObject({ bytes: 7, md5: createHash('md5').update('{"a":1}').digest('hex') });
    });

    test('a POST without a body as one of no bytes', async () => {
      const line = `POST /x HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      expect((await sendRaw(it.port, line)).status).toBe(200);
      expect(it.web.last().headers).toMatchObject({ 'content-length': '0' });
    });

    test('header fields as they were written, but for those of the connection', async () => {
      const lines = [
        'Cookie: a=1; b=2',
        'Authorization: Bearer secret',
        'Signature: keyId="x"',
        'accept: a',
        'Accept: b',
      ];
      const hops = [
        'Connection: X-Private, X-Forwarded-For',
        'X-Private: 1',
        'Keep-Alive: 5',
        'TE: trailers',
        'Proxy: evil',
      ];
      await sendRaw(it.port, ['GET /x HTTP/1.1', `Host: ${host}:443`, ...lines, ...hops, '', ''].join('\r\n'), {
        timeoutMs: 300,
      });
      const { rawHeaders, headers } = it.web.last();
      const got = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []));
      expect(got).toEqual(expect.arrayContaining([`Host: ${host}:443`, 'accept: a', 'Accept: b', ...lines]));
      for (const name of ['x-private', 'keep-alive', 'te', 'proxy']) expect(headers[name]).toBeUndefined();
      expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    });
  });

  test('bytes of header fields that are not ASCII go through both ways as they are', async () => {
    const head = ['POST /name HTTP/1.1', `Host: ${host}`, 'Connection: close', 'X-Name: Zoë', 'Content-Length: 3'];
    const { raw } = await sendRaw(it.port, Buffer.from([...head, '', 'abc'].join('\r\n')));
    expect(Buffer.from(String(it.web.last().headers['x-name']), 'latin1').toString()).toBe('Zoë');
    expect(raw.toString()).toMatch(/^x-name: Zoë\r$/im);
  });

  describe('gives its clients', () => {
    test('what Mastodon answered, every field of it', async () => {
      const { answer, status, headers, text: body } = await ask(it.port, '/head');
      expect([status, answer.statusMessage, body]).toEqual([201, 'Very Created', 'ok']);
      expect(headers['set-cookie']).toEqual(['a=1; path=/', 'b=2; HttpOnly']);
      expect(headers).toMatchObject({
        link: '<https://x/>; rel="next", </y>; rel="prev"',
        'content-security-policy': "default-src 'self'",
        'x-runtime': '0.1',
        server: 'Mastodon',
        'content-length': '2',
      });
      expect(headers['x-hop']).toBeUndefined();
    });

    test('the head alone for a HEAD, and the connection goes on', async () => {
      const { status, headers, text: body } = await ask(it.port, '/head', { method: 'HEAD' });
      expect([status, headers['content-length'], body]).toEqual([201, '2', '']);
    });

    test('a broken connection where Mastodon breaks off', async () => {
      await expect(ask(it.port, '/break')).rejects.toThrow(/aborted|reset|hang up/i);
    });

    test('its media from the read path, and nobody else', async () => {
      const before = it.web.arrived.length;
      const request = await ask(it.port, '/system/a/b.jpg');
      expect([request.status, tierOf(request.headers)]).toEqual([200, 'basement']);
      expect((await ask(it.port, '/system/no/such.jpg')).status).toBe(404);
      expect((await ask(it.port, '/system/a/b.jpg', { method: 'POST' })).status).toBe(405);
      expect(it.web.arrived.length).toBe(before);
    });

    test.each([
      '/%73ystem/a/b.jpg',
      '//system/a/b.jpg',
      '/x/../system/a/b.jpg',
      '/./system//a/b.jpg',
      '/x/%2e%2e/system/a/b.jpg',
    ])('no media by a path that Rails would clean (%s)', async (path) => {
      const before = it.web.arrived.length;
      expect((await ask(it.port, path)).status).toBe(404);
      expect(it.web.arrived.length).toBe(before);
    });

    test.each(['other.test', 'app.test.evil.example', '127.0.0.1'])('nothing of another host (%s)', async (other) => {
      const before = it.web.arrived.length;
      const { status, headers, text: body } = await ask(it.port, '/', { headers: { host: other } });
      expect([status, headers['cache-control']]).toEqual([421, 'no-store']);
      expect(body).toContain('no such site');
      expect(it.web.arrived.length).toBe(before);
    });

    test('no answer to a request for two hosts, or for none', async () => {
      for (const lines of [`Host: ${host}\r\nHost: other.test\r\n`, ''])
        expect((await sendRaw(it.port, `GET / HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`)).status).toBe(400);
    });

    test('no echo of what a proxy adds (TRACE)', async () => {
      expect((await ask(it.port, '/', { method: 'TRACE' })).status).toBe(405);
    });

    test('events of the streaming server one by one, as they come', async () => {
      const request = begin(it.port, '/api/v1/streaming/public?local=true');
      request.end();
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      onTestFinished(() => void answer.destroy());
      expect(answer.headers['content-type']).toBe('text/event-stream');
      for (const said of ['event: update\n\n', ':thump\n', 'event: delete\n\n']) {
        it.streaming.event(said);
        expect(String((await once(answer, 'data'))[0])).toBe(said);
      }
      expect(it.streaming.last().url).toBe('/api/v1/streaming/public?local=true');
    });

    test('the health of the streaming server', async () => {
      expect((await ask(it.port, '/api/v1/streaming/health')).text).toBe('GET /api/v1/streaming/health');
      expect(it.streaming.last().url).toBe('/api/v1/streaming/health');
    });
  });

  describe('a WebSocket', () => {
    test('goes through with its path, query, subprotocol and words, and is closed by the client', async () => {
      const socket = webSocket(it.port, '/api/v1/streaming?stream=user', ['the-token', 'x'], { cookie: 'c=1' });
      await once(socket, 'open');
      expect(socket.protocol).toBe('the-token');
      const { url, headers } = it.streaming.last();
      expect([url, headers.cookie, headers.host]).toEqual(['/api/v1/streaming?stream=user', 'c=1', host]);
      expect(headers['x-forwarded-for']).toBe('127.0.0.1');
      for (const words of ['hello', 'ü'.repeat(100_000), '']) {
        socket.send(words);
        expect(String((await once(socket, 'message'))[0])).toBe(words);
      }
      await eventually(async () => expect(await it.upstairs.metric('upstairs_app_websockets')).toBe(1));
      socket.close(4000, 'bye');
      await once(socket, 'close');
      await eventually(() => expect(it.streaming.closes.at(-1)).toBe(4000));
      await eventually(async () => expect(await it.upstairs.metric('upstairs_app_websockets')).toBe(0));
    });

    test('is closed by the server', async () => {
      const socket = webSocket(it.port, '/api/v1/streaming');
      await once(socket, 'open');
      socket.send('close me');
      const [code, reason] = await once(socket, 'close');
      expect([code, String(reason)]).toEqual([4001, 'as you like']);
    });

    test('of a client that vanishes is gone at the server, too', async () => {
      const socket = webSocket(it.port, '/api/v1/streaming');
      await once(socket, 'open');
      await eventually(() => expect(it.streaming.sockets.size).toBe(1));
      socket.terminate();
      await eventually(() => expect(it.streaming.sockets.size).toBe(0));
    });

    test('of a server that vanishes is gone at the client, too', async () => {
      const socket = webSocket(it.port, '/api/v1/streaming');
      await once(socket, 'open');
      for (const one of it.streaming.sockets) one.terminate();
      expect((await once(socket, 'close'))[0]).toBe(1006);
    });

    test('that Mastodon refuses gets its answer', async () => {
      const socket = webSocket(it.port, '/api/v1/streaming/unauthorised');
      const [, answer] = (await once(socket, 'unexpected-response')) as [ClientRequest, IncomingMessage];
      expect([answer.statusCode, answer.headers['x-why'], await text(answer)]).toEqual([401, 'token', 'no such user']);
    });

    test.each([
      ['of another host', '/api/v1/streaming', 'other.test', 421],
      ['where media are', '/system/a/b.jpg', host, 200],
    ])('%s is none', async (_, path, named, status) => {
      const before = it.streaming.arrived.length;
      const socket = webSocket(it.port, path, [], { host: named });
      const [, answer] = (await once(socket, 'unexpected-response')) as [ClientRequest, IncomingMessage];
      expect(answer.statusCode).toBe(status);
      expect(it.streaming.arrived.length).toBe(before);
    });

    test('is not what every upgrade is: h2c is declined, and the request answered', async () => {
      const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
      const { status, text: body } = await ask(it.port, '/x', { method: 'POST', headers, body: 'abc' });
      expect([status, body, it.web.last().bytes]).toEqual([200, 'POST /x', 3]);
      expect(it.web.last().headers.upgrade).toBeUndefined();
    });
  });

  describe('an upload', () => {
    test.each([
      ['of known length', { 'content-length': String(99 * 1_000_000) }],
      ['in chunks', { 'transfer-encoding': 'chunked' }],
    ])('of 99 MB %s goes through whole, and takes no memory', async (_, headers) => {
      await ask(it.port, '/warm-up', { method: 'POST', headers: { 'content-length': '3' }, body: 'abc' });
      const memory = new PeakMemory(it.upstairs.pid);
      const hash = createHash('md5');
      const request = begin(it.port, '/api/v2/media', { method: 'POST', headers });
      const answered = once(request, 'response');
      for (let n = 0; n < 99; n++) {
        const piece = Buffer.alloc(1_000_000, n * 7);
        hash.update(piece);
        if (!request.write(piece)) await once(request, 'drain');
      }
      request.end();
      const [answer] = (await answered) as [IncomingMessage];
      expect(await text(answer)).toBe('POST /api/v2/media');
      expect(it.web.last()).toMatchObject({ bytes: 99_000_000, md5: hash.digest('hex') });
      console.log(`99 MB took ${Math.round(memory.more / 1e6)} MB more memory`);
      expect(memory.more).toBeLessThan(40_000_000);
    });

    test('that asks first (Expect) is told by Mastodon to come, or not to', async () => {
      const headers = { expect: '100-continue', 'content-length': '5' };
      const wanted = begin(it.port, '/x', { method: 'POST', headers });
      wanted.flushHeaders();
      await once(wanted, 'continue');
      expect(it.web.last().bytes).toBe(0);
      wanted.end('hello');
      const [answer] = (await once(wanted, 'response')) as [IncomingMessage];
      expect(await text(answer)).toBe('POST /x');
      expect(it.web.last()).toMatchObject({ bytes: 5, headers: { expect: '100-continue' } });
    });

    test('that Mastodon refuses before its end is told so', async () => {
      const request = begin(it.port, '/refuse-upload', { method: 'POST', headers: { 'content-length': '50000000' } });
      request.on('error', () => undefined);
      request.write(Buffer.alloc(100_000));
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      expect([answer.statusCode, await text(answer)]).toEqual([413, 'much']);
      request.destroy();
    });

    test('of a client that leaves ends at Mastodon', async () => {
      const request = begin(it.port, '/upload', { method: 'POST', headers: { 'content-length': '5000000' } });
      request.on('error', () => undefined);
      request.write(Buffer.alloc(100_000));
      await eventually(() => expect(it.web.last().bytes).toBe(100_000));
      request.destroy();
      await eventually(() => expect(it.web.last().left).toBe(true));
    });
  });

  test('a client that leaves takes its request to Mastodon along', async () => {
    const request = begin(it.port, '/hang');
    request.on('error', () => undefined);
    request.end();
    await eventually(() => expect(it.web.last().url).toBe('/hang'));
    request.destroy();
    await eventually(() => expect(it.web.last().left).toBe(true));
  });

  test('a slow reader holds Mastodon back, and costs no memory', async () => {
    const memory = new PeakMemory(it.upstairs.pid);
    const socket = connect(it.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.pause();
    socket.write(`GET /flood HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await eventually(() => expect(it.web.flooded()).toBeGreaterThan(100_000));
    await sleep(500);
    const then = it.web.flooded();
    await sleep(500);
    expect(it.web.flooded()).toBe(then);
    expect(then).toBeLessThan(50_000_000);
    expect(memory.more).toBeLessThan(40_000_000);
    socket.destroy();
    await eventually(() => expect(it.web.last().left).toBe(true));
  });

  describe('who asks', () => {
    const spoofed = {
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-ssl': 'on',
      'x-real-ip': '203.0.113.7',
      'client-ip': '203.0.113.7',
      'true-client-ip': '203.0.113.7',
      x_forwarded_for: '203.0.113.7',
      forwarded: 'for=203.0.113.7;proto=https',
    };
    const told = (headers: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => name in spoofed));

    test('is the address of the connection, whatever a stranger says', async () => {
      await ask(it.port, '/x', { headers: spoofed });
      expect(told(it.web.last().headers)).toEqual({
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': host,
        'x-real-ip': '127.0.0.1',
        forwarded: `for=127.0.0.1;host=${host};proto=http`,
      });
      const line = it.upstairs.logs.findLast(({ event, path }) => event === 'app' && path === '/x');
      expect(line?.address).toBe('127.0.0.1');
    });

    test('is who a trusted proxy says', async () => {
      const trusting = await site({ trustProxy: ['127.0.0.1'] });
      await ask(trusting.port, '/x', { headers: spoofed });
      expect(told(trusting.web.last().headers)).toEqual({
        ...spoofed,
        x_forwarded_for: undefined,
        'x-forwarded-for': '203.0.113.7, 127.0.0.1',
        forwarded: `for=203.0.113.7;proto=https, for=127.0.0.1;host=${host};proto=http`,
      });
      await ask(trusting.port, '/y', { headers: { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' } });
      expect(told(trusting.web.last().headers)).toEqual({
        'x-forwarded-for': '203.0.113.7, 127.0.0.1',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': host,
        'x-real-ip': '203.0.113.7',
      });
      await eventually(() => {
        const line = trusting.upstairs.logs.findLast(({ event, path }) => event === 'app' && path === '/y');
        expect(line?.address).toBe('203.0.113.7');
      });
    });
  });

  test('its log has no query, no token and no cookie; its answers are counted', async () => {
    const before = await it.upstairs.metric('upstairs_app_requests_total', { upstream: 'web', status: '2xx' });
    await ask(it.port, '/oauth/x?code=quiet-1', { headers: { authorization: 'Bearer quiet-2', cookie: 'quiet-3' } });
    const socket = webSocket(it.port, '/api/v1/streaming?access_token=quiet-4', ['quiet-5']);
    await once(socket, 'open');
    await eventually(() =>
      expect(it.upstairs.logs.filter(({ event }) => event === 'app').map(({ path, status }) => [path, status])).toEqual(
        expect.arrayContaining([
          ['/oauth/x', 200],
          ['/api/v1/streaming', 101],
        ]),
      ),
    );
    expect(JSON.stringify(it.upstairs.logs) + it.upstairs.output()).not.toMatch(/quiet-/);
    expect(await it.upstairs.metric('upstairs_app_requests_total', { upstream: 'web', status: '2xx' })).toBe(
      before + 1,
    );
    expect(
      await it.upstairs.metric('upstairs_app_requests_total', { upstream: 'streaming', status: '1xx' }),
    ).toBeGreaterThan(0);
  });
});

describe.skipIf(needs('ceph').skip)('with Mastodon in trouble', () => {
  test('down: 502 for requests and for WebSockets, a page for people, and media all the while', async () => {
    const down = `http://127.0.0.1:${await freePort()}`;
    const { port, upstairs } = await site({ web: down, streaming: down });
    const page = await ask(port, '/', { headers: { accept: 'text/html,*/*' } });
    expect([page.status, page.headers['cache-control']]).toEqual([502, 'no-store']);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    const line = await ask(port, '/api/v1/x', { method: 'POST', body: 'abc' });
    expect([line.status, line.headers['content-type']]).toEqual([502, 'text/plain; charset=utf-8']);
    for (let n = 0; n < 20; n++) {
      const socket = webSocket(port, '/api/v1/streaming');
      const [, answer] = (await once(socket, 'unexpected-response')) as [ClientRequest, IncomingMessage];
      expect(answer.statusCode).toBe(502);
      answer.resume();
    }
    expect((await ask(port, '/system/a/b.jpg')).status).toBe(200);
    expect(await upstairs.metric('upstairs_app_websockets')).toBe(0);
    expect(await upstairs.metric('upstairs_app_requests_total', { upstream: 'streaming', status: '5xx' })).toBe(20);
  });

  test('hanging: 504 within the time, also for WebSockets and with a body under way', async () => {
    const { port, web } = await site({ answerWithin: '300ms' });
    for (const [path, options] of [
      ['/hang', {}],
      ['/hang', { method: 'POST', body: 'abc' }],
      ['/hang', { method: 'POST', body: 'x'.repeat(20_000_000) }],
    ] as const)
      expect((await ask(port, path, options)).status).toBe(504);
    const socket = webSocket(port, '/api/v1/streaming/hang');
    const [, answer] = (await once(socket, 'unexpected-response')) as [ClientRequest, IncomingMessage];
    expect(answer.statusCode).toBe(504);
    answer.resume();
    // Each was sent once.
    expect(web.arrived.length).toBe(3);
    await eventually(() => expect(web.arrived.slice(0, 2).map(({ left }) => left)).toEqual([true, true]));
  });

  test('slow to think, longer than a connection may be silent: it is waited for; a silent client is not', async () => {
    const { port } = await site({ stallTimeout: '200ms', answerWithin: '600ms' });
    expect((await ask(port, '/hang')).status).toBe(504);
    const request = begin(port, '/upload', { method: 'POST', headers: { 'content-length': '1000' } });
    request.on('error', () => undefined);
    request.write('begun');
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect([answer.statusCode, answer.headers.connection]).toEqual([408, 'close']);
  });

  test('a WebSocket may be idle for longer than any other connection', async () => {
    const { port } = await site({ stallTimeout: '200ms', keepAliveTimeout: '200ms' });
    const socket = webSocket(port, '/api/v1/streaming');
    await once(socket, 'open');
    await sleep(1000);
    socket.send('still there');
    expect(String((await once(socket, 'message'))[0])).toBe('still there');
  });
});

describe.skipIf(needs('ceph').skip)('when the program stops', () => {
  test('WebSockets are told on both sides (1001), streams of events end, and it does not wait for them', async () => {
    const { port, upstairs, streaming } = await site();
    const socket = webSocket(port, '/api/v1/streaming');
    await once(socket, 'open');
    const events = begin(port, '/api/v1/streaming/public');
    events.end();
    const [answer] = (await once(events, 'response')) as [IncomingMessage];
    answer.resume();
    const beganMs = performance.now();
    const [closed, ended, exit] = await Promise.all([once(socket, 'close'), once(answer, 'end'), upstairs.kill()]);
    expect([closed[0], ended, exit.code]).toEqual([1001, [], 0]);
    expect(performance.now() - beganMs).toBeLessThan(5000);
    await eventually(() => expect(streaming.closes).toEqual([1001]));
  });

  test('a client that does not read its WebSocket does not keep it', async () => {
    const { port, upstairs } = await site({}, atTestEnd, { shutdown: { drain: '1s' } });
    const socket = webSocket(port, '/api/v1/streaming');
    await once(socket, 'open');
    socket.pause();
    for (let n = 0; n < 40; n++) socket.send(Buffer.alloc(1_000_000));
    await sleep(500);
    const beganMs = performance.now();
    expect((await upstairs.kill()).code).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(5000);
  });
});

describe.skipIf(needs('ceph', 'openssl').skip)('over TLS', () => {
  test('HTTP/2 for requests, with uploads; WebSockets over HTTP/1.1; Mastodon is told that it was https', async () => {
    const { cert, key, ca: authority } = makeCertificate([host]);
    const ca = readFileSync(authority, 'utf8');
    const { port, web } = await site({ tls: { cert, key } });
    const tls = { host: '127.0.0.1', port, servername: host, ca };
    const session = connectHttp2(`https://${host}`, {
      createConnection: () => connectTls({ ...tls, ALPNProtocols: ['h2'] }),
    });
    onTestFinished(() => session.destroy());
    const upload = session.request({
      ':method': 'POST',
      ':authority': host,
      ':path': '/a//b?%zz',
      cookie: ['a=1', 'b=2'] as unknown as string,
    });
    upload.end('hello');
    const [head] = await once(upload, 'response');
    expect([head[':status'], await text(upload)]).toEqual([200, 'POST /a//b?%zz']);
    expect(web.last()).toMatchObject({
      bytes: 5,
      headers: { host, cookie: 'a=1; b=2', 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' },
    });
    const cookies = session.request({ ':path': '/head' });
    const [answer] = await once(cookies, 'response');
    expect([answer[':status'], answer['set-cookie']]).toEqual([201, ['a=1; path=/', 'b=2; HttpOnly']]);
    expect(await text(cookies)).toBe('ok');
    const media = session.request({ ':path': '/system/a/b.jpg' });
    expect((await once(media, 'response'))[0][':status']).toBe(200);
    media.resume();
    const broken = session.request({ ':path': '/break' });
    await expect(text(broken)).rejects.toThrow();

    const socket = new WebSocket(`wss://${host}:${port}/api/v1/streaming`, [], {
      ca,
      lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    socket.send('over TLS');
    expect(String((await once(socket, 'message'))[0])).toBe('over TLS');
  });
});

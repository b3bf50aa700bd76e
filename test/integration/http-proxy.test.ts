import { once } from 'node:events';
import { request as send } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import httpProxy from '@fastify/http-proxy';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Mastodon, mastodon } from '../support/mastodon.ts';
import { sendRaw } from '../support/raw-http.ts';

/** Why the app host has a proxy of its own. A test that fails after an update of the library says that it is to be looked at again. */
describe('@fastify/http-proxy', () => {
  const app = fastify({ forceCloseConnections: true });
  let web: Mastodon;
  let port: number;

  beforeAll(async () => {
    web = await mastodon();
    await app.register(httpProxy, { upstream: web.url, websocket: true });
    await app.listen({ port: 0, host: '127.0.0.1' });
    port = (app.server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    await app.close();
    await web.close();
  });

  test('hands on requests', async () => {
    expect(await (await fetch(`http://127.0.0.1:${port}/x`)).text()).toBe('GET /x');
  });

  test('tells a client that its WebSocket is open before Mastodon, which refuses it, was asked', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/streaming/unauthorised`);
    const first = await Promise.race([
      once(socket, 'open').then(() => 'open'),
      once(socket, 'unexpected-response').then(() => 'refused'),
    ]);
    socket.on('error', () => undefined).terminate();
    expect(first).toBe('open');
  });

  test('makes another path of one that was decided on', async () => {
    await sendRaw(port, 'GET /.\\system/a.jpg HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n', {
      timeoutMs: 500,
    });
    expect(web.last().url).toBe('/system/a.jpg');
  });

  test('goes on to ask Mastodon when the client has left', async () => {
    const request = send({ host: '127.0.0.1', port, path: '/hang', agent: false });
    request.on('error', () => undefined).end();
    await expect.poll(() => web.last().url).toBe('/hang');
    request.destroy();
    await sleep(300);
    expect(web.last().left).toBe(false);
  });

  test('loses what is uploaded over HTTP/2 without its type and length, and says that it went well', async () => {
    const front = createHttp2Server((request, response) => void app.server.emit('request', request, response));
    await once(front.listen(0, '127.0.0.1'), 'listening');
    const session = connectHttp2(`http://127.0.0.1:${(front.address() as AddressInfo).port}`);
    try {
      const stream = session.request({ ':method': 'POST', ':path': '/inbox' });
      stream.end('hello');
      const [headers] = await once(stream, 'response');
      await text(stream);
      expect([headers[':status'], web.last().url, web.last().bytes]).toEqual([200, '/inbox', 0]);
    } finally {
      session.destroy();
      front.close();
    }
  });
});

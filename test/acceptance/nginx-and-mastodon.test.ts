import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as sendHttps } from 'node:https';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { Protocol } from '../support/https-client.ts';
import { needs } from '../support/left-out.ts';
import { type MastodonStub, mastodonStub, textFrame, textOf } from '../support/mastodon-stub.ts';
import { jpeg, mastodonKey } from '../support/media-files.ts';
import { type Fronted, upstairsBehindNginx } from '../support/nginx-in-front.ts';

const protocols: Protocol[] = ['HTTP/1.1', 'HTTP/2'];

const ways = [
  { way: 'the same nginx', appHost: false },
  { way: "nginx and Upstairs' app host", appHost: true },
];
const picture = mastodonKey(1, 'jpg');
const bytes = jpeg(1, { bytes: 50_000 });

describe.skipIf(needs('ceph', 'nginx').skip).each(ways)('Mastodon behind $way', ({ appHost }) => {
  const ends: (() => unknown)[] = [];
  let at: Fronted;
  let mastodon: MastodonStub;
  beforeAll(async () => {
    mastodon = await mastodonStub();
    ends.push(() => mastodon.close());
    at = await upstairsBehindNginx({
      web: mastodon.port,
      streaming: mastodon.port,
      appHost,
      files: { [picture]: bytes },
      atEnd: (end) => ends.push(end),
    });
  });
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });

  test.each(protocols)('gets pages and uploads over %s, with the address of who asks', async (protocol) => {
    const body = randomBytes(2_000_000);
    const answer = await at.ask(protocol, {
      host: 'app.test',
      path: '/api/v2/media?a=%2F&b',
      method: 'POST',
      headers: { 'x-forwarded-for': '203.0.113.66', forwarded: 'for=203.0.113.66', proxy: 'http://203.0.113.66' },
      body,
      from: '127.0.0.33',
    });
    expect([answer.status, answer.text, answer.headers['set-cookie']]).toEqual([200, 'a page', ['a=1', 'b=2']]);
    const { method, url, headers, bodyMd5 } = mastodon.seen.at(-1)!;
    expect([method, url]).toEqual(['POST', '/api/v2/media?a=%2F&b']);
    expect(bodyMd5).toBe(createHash('md5').update(body).digest('hex'));
    expect(headers).toMatchObject({
      host: `app.test:${at.port}`,
      'x-forwarded-for': expect.stringMatching(/^127\.0\.0\.33(, 127\.0\.0\.1)?$/),
      'x-forwarded-proto': 'https',
    });
    expect(JSON.stringify(headers)).not.toContain('203.0.113.66');
  });

  test('talks over a WebSocket, whose path and token arrive', async () => {
    const { socket, protocol } = await webSocket(at, '/api/v1/streaming?stream=user', 'a-token');
    expect(protocol).toBe('a-token');
    expect(mastodon.seen.at(-1)).toMatchObject({
      url: '/api/v1/streaming?stream=user',
      headers: {
        upgrade: 'websocket',
        'sec-websocket-protocol': 'a-token',
        'x-forwarded-for': expect.stringMatching(/^127\.0\.0\.1\b/),
      },
    });
    for (const said of ['hello', 'once more']) {
      socket.write(textFrame(said, { masked: true }));
      const [frame] = await once(socket, 'data');
      expect(textOf(frame)).toBe(said);
    }
    const closed = once(socket, 'close');
    socket.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0])); // the closing frame
    await closed;
  });

  test('sends events one by one', async () => {
    const request = sendHttps({
      ...{ host: '127.0.0.1', port: at.port, servername: 'app.test', ca: at.ca, agent: false },
      path: '/api/v1/streaming/public',
      headers: { host: 'app.test' },
    }).end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    for (const event of ['event: update\n\n', ':thump\n']) {
      mastodon.events.at(-1)!.write(event);
      const [piece] = await once(answer, 'data');
      expect(String(piece)).toBe(event);
    }
    const left = once(mastodon.events.at(-1)!, 'close');
    request.destroy();
    await left;
  });

  test.each(protocols)(
    'is not asked for what is media, of which there are ranges and 304 over %s',
    async (protocol) => {
      const before = mastodon.seen.length;
      const media = (headers: Record<string, string> = {}) =>
        at.ask(protocol, { host: 'app.test', path: `/system/${picture}`, headers });
      const whole = await media();
      expect([whole.status, whole.body.equals(bytes)]).toEqual([200, true]);
      const part = await media({ range: 'bytes=100-199' });
      expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 100-199/${bytes.length}`]);
      expect(part.body.equals(bytes.subarray(100, 200))).toBe(true);
      const modified = String(whole.headers['last-modified']);
      expect((await media({ 'if-modified-since': modified })).status).toBe(304);
      expect(mastodon.seen.length).toBe(before);
    },
  );

  test('is asked by the app host where there is one, and its log has the address of who asks', async () => {
    await at.ask('HTTP/2', { host: 'app.test', path: '/explore', from: '127.0.0.34' });
    const line = () => at.upstairs.logs.findLast(({ event, path }) => event === 'app' && path === '/explore');
    if (appHost) await eventually(() => expect(line()).toMatchObject({ status: 200, address: '127.0.0.34' }));
    else expect(line()).toBeUndefined();
  });
});

async function webSocket(
  at: Fronted,
  path: string,
  token: string,
): Promise<{ socket: Socket; protocol: string | undefined }> {
  const request = sendHttps({
    ...{ host: '127.0.0.1', port: at.port, servername: 'app.test', ca: at.ca, agent: false, path },
    headers: {
      host: 'app.test',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      'sec-websocket-protocol': token,
    },
  }).end();
  const [answer, socket] = (await once(request, 'upgrade')) as [IncomingMessage, Socket];
  return { socket, protocol: answer.headers['sec-websocket-protocol'] };
}

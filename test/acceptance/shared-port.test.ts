import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { Agent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { makeCertificate } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { askHttps, type Protocol } from '../support/https-client.ts';
import { needs } from '../support/left-out.ts';
import { jpeg } from '../support/media-files.ts';
import { sendRaw } from '../support/raw-http.ts';
import { said } from '../support/said.ts';
import { clientBucket, clientKeys, clientRegion, writeWorld } from '../support/write-world.ts';

const picture = jpeg(3);

/** Stands in for Mastodon's web: says what it was asked, and echoes what comes over a WebSocket. */
async function mastodon(): Promise<string> {
  const server = createServer(({ method, url }, response) => response.end(`${method} ${url}`)).listen(0, '127.0.0.1');
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(String(message))));
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The instance, its media and S3 behind one port, each with a certificate of its own. */
async function sharing() {
  const port = await freePort();
  const listen = `127.0.0.1:${port}`;
  const web = await mastodon();
  const app = makeCertificate(['app.test']);
  const media = makeCertificate(['files.test']);
  const s3 = makeCertificate(['s3.test', '*.s3.test', '127.0.0.1']);
  const tls = ({ cert, key }: typeof media) => ({ cert, key });
  const world = await writeWorld({
    files: { 'a.jpg': picture },
    config: {
      app: { listen, tls: tls(app), hosts: ['app.test'], web, streaming: web },
      read: { listen, tls: tls(media) },
      write: { listen, tls: tls(s3) },
    },
  });
  return { ...world, port, ca: readFileSync(media.ca, 'utf8') };
}

/** A client that finds `host` at 127.0.0.1. */
function clientOf(host: string, port: number, ca: string, forcePathStyle = true): S3Client {
  const httpsAgent = new Agent({
    ca,
    keepAlive: true,
    lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const client = new S3Client({
    endpoint: `https://${host}:${port}`,
    region: clientRegion,
    credentials: {
      accessKeyId: clientKeys.mastodon.accessKey,
      secretAccessKey: clientKeys.mastodon.secretKey,
    },
    forcePathStyle,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    requestHandler: { httpsAgent, requestTimeout: 10_000 },
  });
  onTestFinished(() => client.destroy());
  return client;
}

const streamed = (bytes: Buffer) => ({ Body: Readable.from([bytes]), ContentLength: bytes.length });

describe.skipIf(needs('ceph', 'openssl').skip)('the write host with a certificate of its own', () => {
  test('takes a body that nobody signed, since TLS guards it; in plain text it does not', async () => {
    const { cert, key, ca } = makeCertificate(['s3.test', '127.0.0.1']);
    const { writePort } = await writeWorld({ config: { write: { tls: { cert, key } } } });
    const client = clientOf('127.0.0.1', writePort, readFileSync(ca, 'utf8'));
    await client.send(
      new PutObjectCommand({ Bucket: clientBucket, Key: 'b.bin', ...streamed(Buffer.from('unsigned')) }),
    );
    const { Body } = await client.send(new GetObjectCommand({ Bucket: clientBucket, Key: 'b.bin' }));
    expect(await Body?.transformToString()).toBe('unsigned');

    const plain = await writeWorld();
    const headers = 'Host: s3.test\r\nConnection: close\r\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n';
    const { status } = await sendRaw(
      plain.writePort,
      `PUT /media/b.bin HTTP/1.1\r\n${headers}Content-Length: 1\r\n\r\nx`,
    );
    expect(status).toBe(403);
  });
});

describe.skipIf(needs('ceph', 'openssl').skip)('a port that the instance, its media and S3 share', () => {
  test('answers each host with its certificate and its site, over HTTP/1.1 and HTTP/2', {
    timeout: 60_000,
  }, async () => {
    const { port, ca, upstairs, facts } = await sharing();
    expect([new URL(upstairs.readUrl).port, new URL(upstairs.writeUrl ?? '').port]).toEqual([`${port}`, `${port}`]);
    for (const protocol of ['HTTP/1.1', 'HTTP/2'] satisfies Protocol[]) {
      const ask = (host: string, path: string) => askHttps(protocol, { port, ca }, { host, path });
      expect((await ask('files.test', '/a.jpg')).body.equals(picture)).toBe(true);
      expect((await ask('app.test', '/system/a.jpg')).body.equals(picture)).toBe(true);
      expect((await ask('app.test', '/about?a')).text).toBe('GET /about?a');
    }
    const path = clientOf('s3.test', port, ca);
    await path.send(new PutObjectCommand({ Bucket: clientBucket, Key: 'p.bin', ...streamed(Buffer.from('path')) }));
    const virtual = clientOf('s3.test', port, ca, false);
    await virtual.send(
      new PutObjectCommand({ Bucket: clientBucket, Key: 'v.bin', ...streamed(Buffer.from('virtual')) }),
    );
    expect([(await facts('p.bin'))?.size, (await facts('v.bin'))?.size]).toEqual([4, 7]);
    expect(await said(path.send(new GetObjectCommand({ Bucket: clientBucket, Key: 'no.bin' })))).toBe('404 NoSuchKey');

    const listeners = upstairs.logs.filter(({ event }) => event === 'listening').map(({ listener }) => listener);
    expect(listeners.sort()).toEqual(['admin', 'app', 'read', 'write']);
    expect(
      new Set(upstairs.logs.filter(({ event }) => event === 'certificate').map(({ listener }) => listener)),
    ).toEqual(new Set(['app', 'read', 'write']));
    expect(await upstairs.kill()).toEqual({ code: 0, signal: null });
    expect(upstairs.output()).toBe('');
  });

  test('takes WebSockets to the instance, and to no other host', async () => {
    const { port, ca } = await sharing();
    const open = (host: string) => {
      const socket = new WebSocket(`wss://${host}:${port}/api/v1/streaming`, [], {
        ca,
        lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
      });
      onTestFinished(() => socket.terminate());
      return socket;
    };
    const socket = open('app.test');
    await once(socket, 'open');
    socket.send('through one port');
    expect(String((await once(socket, 'message'))[0])).toBe('through one port');
    for (const host of ['files.test', 's3.test']) {
      const refused = open(host);
      const [error] = (await once(refused, 'error').catch((error: unknown) => [error])) as [Error];
      expect(error.message).toMatch(/Unexpected server response: 4\d\d/);
    }
  });

  test('offers HTTP/2 to browsers alone, and sends away who asks for S3 or a strange host on their connection', async () => {
    const { port, ca } = await sharing();
    await expect(askHttps('HTTP/2', { port, ca }, { host: 's3.test', path: '/' })).rejects.toThrow();
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca, servername: 'files.test' });
    session.on('error', () => {});
    onTestFinished(() => session.destroy());
    const statusOf = async (authority: string, path = '/a.jpg') => {
      const stream = session.request({ ':authority': authority, ':path': path });
      const [{ ':status': status }] = await once(stream, 'response');
      stream.close();
      return status;
    };
    expect(await statusOf('s3.test', '/media/a.jpg')).toBe(421);
    expect(await statusOf('media.s3.test')).toBe(421);
    expect(await statusOf('stranger.test')).toBe(421);
    expect(await statusOf(`files.test:${port}`)).toBe(200);
    expect(await statusOf('FILES.test')).toBe(200);
  });

  test('goes by the host of the request and not of the handshake over HTTP/1.1', async () => {
    const { port, ca } = await sharing();
    const ask = async (host: string, target = '/a.jpg') => {
      const socket = connectTls({ port, host: '127.0.0.1', servername: 'files.test', ca });
      socket.write(`GET ${target} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
      let answer = '';
      for await (const piece of socket) answer += (piece as Buffer).toString('latin1');
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
    };
    expect(await ask('Host: files.test\r\n')).toBe(200);
    expect(await ask('Host: s3.test\r\n', '/media/a.jpg')).toBe(403);
    expect(await ask('Host: stranger.test\r\n')).toBe(421);
    expect(await ask('')).toBe(421);
    expect(await ask('Host: files.test\r\nHost: s3.test\r\n')).toBe(421);
    expect(await ask('Host: s3.test\r\n', 'http://files.test/a.jpg')).toBe(200);
    expect(await ask('Host: files.test\r\nX: \0\r\n')).toBe(400);
  });

  test('works in plain text too, behind a proxy that speaks TLS', async () => {
    const port = await freePort();
    const listen = `127.0.0.1:${port}`;
    const web = await mastodon();
    const { upstairs, writePort } = await writeWorld({
      files: { 'a.jpg': picture },
      config: { app: { listen, hosts: ['app.test'], web, streaming: web }, read: { listen }, write: { listen } },
    });
    expect([upstairs.readUrl, upstairs.writeUrl, upstairs.appUrl]).toEqual(Array(3).fill(`http://${listen}`));
    expect((await upstairs.get('/a.jpg')).body.equals(picture)).toBe(true);
    expect((await upstairs.get('/system/a.jpg', { host: 'app.test' })).body.equals(picture)).toBe(true);
    expect((await upstairs.get('/about?a', { host: 'app.test' })).text).toBe('GET /about?a');
    const socket = new WebSocket(`ws://${listen}/api/v1/streaming`, { headers: { host: 'app.test' } });
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    socket.send('in plain text');
    expect(String((await once(socket, 'message'))[0])).toBe('in plain text');
    expect((await upstairs.get('/media/a.jpg', { host: 's3.test' })).status).toBe(403);
    expect((await upstairs.get('/a.jpg', { host: 'stranger.test' })).status).toBe(421);
    const waiting =
      'PUT /media/x HTTP/1.1\r\nHost: s3.test\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
    expect((await sendRaw(writePort, waiting)).status).toBe(403);
    expect(await upstairs.kill()).toEqual({ code: 0, signal: null });
  });
});

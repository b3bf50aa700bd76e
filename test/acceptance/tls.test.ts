import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, connect as connectTls, type PeerCertificate } from 'node:tls';
import { promisify } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { merge } from '../support/base-config.ts';
import { type Certificate, makeCertificate } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { askHttps, type HttpsAsk, type Protocol } from '../support/https-client.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg } from '../support/media-files.ts';
import { sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';

const run = promisify(execFile);
const protocols: Protocol[] = ['HTTP/1.1', 'HTTP/2'];
const picture = Buffer.concat([jpeg(7), Buffer.alloc(200_000, 7)]);
const large = Buffer.alloc(12_000_000, 'upstairs ');
const sum = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

describe.skipIf(needs('ceph', 'openssl').skip)('a read host with a certificate', () => {
  let proxy: FaultProxy;
  let upstairs: Upstairs;
  let certificate: Certificate;
  let port: number;
  let ca: string;
  const files: { cert: string; key: string } = { cert: '', key: '' };

  const ask = (protocol: Protocol, path: string, rest: Partial<HttpsAsk> = {}) =>
    askHttps(protocol, { port, ca }, { host: 'files.test', path, ...rest });

  beforeAll(async () => {
    const { client, endpoint, freshBucket } = sharedRgw();
    const bucket = await freshBucket();
    proxy = await faultProxy(endpoint);
    for (const Key of ['large.bin', 'cut.bin'])
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: large, ACL: 'public-read' }));
    const root = scratch('root');
    await basement(root, { 'a.jpg': picture });
    certificate = makeCertificate(['files.test', '127.0.0.1']);
    ca = readFileSync(certificate.ca, 'utf8');
    const dir = scratch('live');
    // As certbot has it: links, which are swapped.
    files.cert = join(dir, 'fullchain.pem');
    files.key = join(dir, 'privkey.pem');
    symlinkSync(certificate.cert, files.cert);
    symlinkSync(certificate.key, files.key);
    const config = merge(baseConfig({ endpoint: proxy.endpoint, bucket, root }), {
      read: { tls: { ...files }, stallTimeout: '2s', keepAliveTimeout: '2s' },
      shutdown: { drain: '3s' },
    });
    upstairs = await startUpstairs({ config });
    port = Number(new URL(upstairs.readUrl).port);
  });
  afterAll(async () => {
    await upstairs?.dispose();
    await proxy?.close();
  });

  /** A connection of its own over HTTP/2. */
  async function session(options: Parameters<typeof connectHttp2>[1] = {}): Promise<ClientHttp2Session> {
    const opened = connectHttp2(`https://127.0.0.1:${port}`, { ca, servername: 'files.test', ...options });
    opened.on('error', () => {});
    onTestFinished(() => opened.destroy());
    await once(opened, 'connect');
    return opened;
  }

  test.each(protocols)('serves whole files, ranges and conditions over %s', async (protocol) => {
    const whole = await ask(protocol, '/a.jpg');
    expect([whole.status, whole.broken, sum(whole.body)]).toEqual([200, undefined, sum(picture)]);
    const { etag, 'last-modified': modified } = whole.headers;
    expect(whole.headers['content-length']).toBe(String(picture.length));

    const part = await ask(protocol, '/a.jpg', { headers: { range: 'bytes=1000-1999' } });
    expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 1000-1999/${picture.length}`]);
    expect(part.body.equals(picture.subarray(1000, 2000))).toBe(true);
    expect((await ask(protocol, '/a.jpg', { headers: { range: 'bytes=9999999-' } })).status).toBe(416);

    const validators = { ...(etag && { 'if-none-match': String(etag) }), 'if-modified-since': String(modified) };
    const unchanged = await ask(protocol, '/a.jpg', { headers: validators });
    expect([unchanged.status, unchanged.body.length]).toEqual([304, 0]);
    const head = await ask(protocol, '/a.jpg', { method: 'HEAD' });
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, `${picture.length}`, 0]);
    expect((await ask(protocol, '/missing.jpg')).status).toBe(404);
    expect((await ask(protocol, '/a.jpg', { host: 'files.test', method: 'DELETE' })).status).toBe(405);
    expect((await ask(protocol, '/a.jpg', { headers: { expect: 'a miracle' } })).status).toBe(417);
    const unwanted = await ask(protocol, '/a.jpg', { method: 'POST', body: Buffer.alloc(300_000) });
    expect([unwanted.status, unwanted.broken]).toEqual([405, undefined]);
  });

  test.each(protocols)('serves 12 MB over %s, to several at once', async (protocol) => {
    const all = await Promise.all([1, 2, 3].map(() => ask(protocol, '/large.bin')));
    for (const { body, broken } of all) expect([sum(body), broken]).toEqual([sum(large), undefined]);
  });

  test.each(protocols)(
    'breaks an answer off over %s whose bytes break off, and never ends it cleanly',
    async (protocol) => {
      proxy.decide = ({ method, path }) =>
        method === 'GET' && path.endsWith('/cut.bin') ? { abortAfterResponseBytes: 5_000_000 } : 'pass';
      onTestFinished(() => {
        proxy.decide = () => 'pass';
      });
      const answer = await ask(protocol, '/cut.bin');
      expect(answer.status).toBe(200);
      expect(answer.headers['content-length']).toBe(String(large.length));
      expect(answer.broken).toBe(protocol === 'HTTP/2' ? 'ERR_HTTP2_STREAM_ERROR' : 'ECONNRESET');
      expect(answer.body.length).toBeLessThan(large.length);
      await eventually(() =>
        expect(upstairs.logs.some(({ key, cut }) => key === 'cut.bin' && cut === true)).toBe(true),
      );
    },
  );

  test('a broken answer over HTTP/2 leaves the other answers of its connection alone', async () => {
    proxy.decide = ({ method, path }) =>
      method === 'GET' && path.endsWith('/cut.bin') ? { abortAfterResponseBytes: 5_000_000 } : 'pass';
    onTestFinished(() => {
      proxy.decide = () => 'pass';
    });
    const one = await session();
    const cut = one.request({ ':path': '/cut.bin', ':authority': 'files.test' });
    cut.on('error', () => {}).resume();
    const whole = one.request({ ':path': '/large.bin', ':authority': 'files.test' });
    const bytes: Buffer[] = [];
    for await (const piece of whole) bytes.push(piece as Buffer);
    expect(sum(Buffer.concat(bytes))).toBe(sum(large));
    if (!cut.closed) await once(cut, 'close');
    expect(cut.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(one.closed).toBe(false);
  });

  test('curl agrees, over HTTP/2 and HTTP/1.1', async () => {
    for (const version of ['--http2', '--http1.1']) {
      const { stdout } = await run('curl', [
        ...['-sS', version, '--cacert', certificate.ca, '--resolve', `files.test:${port}:127.0.0.1`],
        ...['-r', '0-9', '-o', '/dev/null', '-w', '%{http_version} %{http_code} %{size_download}'],
        `https://files.test:${port}/a.jpg`,
      ]);
      expect(stdout).toBe(`${version === '--http2' ? '2' : '1.1'} 206 10`);
    }
  });

  test('a request that names two hosts is refused over HTTP/2 too', async () => {
    const one = await session();
    const stream = one.request({ ':path': '/a.jpg', ':authority': 'files.test', host: 'app.test' });
    const [{ ':status': status }] = await once(stream, 'response');
    expect(status).toBe(400);
    stream.close();
  });

  test('a reader that leaves in the middle of a stream, or with its connection, is logged as cut', async () => {
    for (const leave of ['stream', 'connection']) {
      const before = upstairs.logs.length;
      const one = await session();
      const stream = one.request({ ':path': '/large.bin', ':authority': 'files.test' });
      stream.on('error', () => {});
      await once(stream, 'response');
      if (leave === 'stream') stream.close(constants.NGHTTP2_CANCEL);
      else one.destroy();
      const line = await eventually(
        () => upstairs.logs.slice(before).find(({ event, key }) => event === 'read' && key === 'large.bin') ?? false,
      );
      expect(line).toMatchObject({ cut: true, status: 200 });
      expect((line as { bytes: number }).bytes).toBeLessThan(large.length);
    }
    expect(upstairs.output()).toBe('');
  });

  test('whoever does not take what he asked for is cut off, and keeps no stream for ever', async () => {
    const before = upstairs.logs.length;
    const one = await session();
    const stalled = one.request({ ':path': '/large.bin', ':authority': 'files.test' });
    stalled.on('error', () => {}).pause();
    await once(stalled, 'response');
    // The connection itself is busy all the while.
    const chat = setInterval(() => one.ping(() => {}), 200);
    onTestFinished(() => clearInterval(chat));
    const began = performance.now();
    const line = await eventually(
      () => upstairs.logs.slice(before).find(({ event, key }) => event === 'read' && key === 'large.bin') ?? false,
      { withinMs: 10_000 },
    );
    expect(line).toMatchObject({ cut: true, status: 200 });
    expect(performance.now() - began).toBeGreaterThan(1500);
    expect(performance.now() - began).toBeLessThan(9000);
  });

  test('no connection has more than a hundred requests at once, and one that resets them in rows is cut', async () => {
    const one = await session();
    expect(one.remoteSettings.maxConcurrentStreams).toBe(100);
    const ended = once(one, 'close');
    let opened = 0;
    while (!one.destroyed && !one.closed && opened < 20_000) {
      const stream = one.request({ ':path': '/a.jpg', ':authority': 'files.test' });
      stream.on('error', () => {});
      stream.close(constants.NGHTTP2_CANCEL);
      opened += 1;
      if (opened % 50 === 0) await sleep(1);
    }
    await ended;
    expect(opened).toBeLessThan(20_000);
    expect((await ask('HTTP/2', '/a.jpg')).status).toBe(200);
  });

  test('what is no TLS is cut, and costs nobody else anything', async () => {
    const plain = connect(port, '127.0.0.1');
    plain.write('GET /a.jpg HTTP/1.1\r\nHost: files.test\r\n\r\n');
    let answered = '';
    plain.on('data', (bytes: Buffer) => (answered += bytes.toString('latin1'))).on('error', () => {});
    await once(plain, 'close');
    expect(answered).not.toContain('HTTP/1.1');
    expect((await ask('HTTP/1.1', '/a.jpg')).status).toBe(200);
  });

  test('TLS before 1.2 is not spoken', async () => {
    await expect(handshake({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
    expect((await handshake({ maxVersion: 'TLSv1.2' })).protocol).toBe('TLSv1.2');
  });

  async function handshake(options: ConnectionOptions = {}) {
    const socket = connectTls({ port, host: '127.0.0.1', servername: 'files.test', ca, ...options });
    await once(socket, 'secureConnect');
    const seen = { protocol: socket.getProtocol(), certificate: socket.getPeerCertificate() as PeerCertificate };
    socket.destroy();
    return seen;
  }
  const serial = async () => (await handshake()).certificate.serialNumber;

  function swap(to: { cert: string; key: string }): void {
    for (const half of ['cert', 'key'] as const) {
      symlinkSync(to[half], `${files[half]}.new`);
      renameSync(`${files[half]}.new`, files[half]);
    }
  }

  test('a renewed certificate is used without a restart, and the metric tells how long it holds', async () => {
    const before = await serial();
    const days = async () =>
      (await upstairs.metric('upstairs_certificate_remaining_seconds', { listener: 'read' })) / 86_400;
    expect(await days()).toBeCloseTo(30, 1);
    const kept = await session();
    swap(makeCertificate(['files.test', '127.0.0.1'], { days: 60 }));
    const askOnKept = async () => {
      const stream = kept.request({ ':path': '/a.jpg', ':authority': 'files.test' });
      expect((await once(stream, 'response'))[0][':status']).toBe(200);
      stream.close();
    };
    // A connection on which nothing is asked for two seconds is closed.
    const renewed = async () => {
      await askOnKept();
      expect(await serial()).not.toBe(before);
    };
    await eventually(renewed, { withinMs: 8000, everyMs: 200 });
    expect(await days()).toBeCloseTo(60, 1);
    await askOnKept();
    expect((await handshake({ maxVersion: 'TLSv1.2' })).protocol).toBe('TLSv1.2');
    await expect(handshake({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
  });

  test('a renewal that cannot be used is logged, the certificate of before goes on, and the next is taken', async () => {
    const before = await serial();
    const failures = () => upstairs.logs.filter(({ event, level }) => event === 'certificate' && level === 'error');
    const wrong = { cert: makeCertificate(['files.test']).cert, key: makeCertificate(['files.test']).key };
    swap(wrong);
    await eventually(() => expect(failures().length).toBe(1), { withinMs: 10_000, everyMs: 200 });
    expect(JSON.stringify(failures()[0])).toContain('does not belong');
    unlinkSync(files.cert);
    writeFileSync(files.cert, 'no certificate');
    await eventually(() => expect(failures().length).toBe(2), { withinMs: 10_000, everyMs: 200 });
    expect(await serial()).toBe(before);
    unlinkSync(files.key);
    const next = makeCertificate(['files.test', '127.0.0.1']);
    copyFileSync(next.cert, files.cert);
    copyFileSync(next.key, files.key);
    await eventually(async () => expect(await serial()).not.toBe(before), { withinMs: 8000, everyMs: 200 });
  });

  test('stopping lets the streams under way end, and takes no new ones', async () => {
    const one = await session();
    const stream = one.request({ ':path': '/large.bin', ':authority': 'files.test' });
    await once(stream, 'response');
    const idle = await session();
    const ended = upstairs.kill();
    await once(idle, 'close');
    await eventually(async () => {
      await expect(handshake()).rejects.toThrow();
    });
    const bytes: Buffer[] = [];
    for await (const piece of stream) bytes.push(piece as Buffer);
    expect(sum(Buffer.concat(bytes))).toBe(sum(large));
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(upstairs.output()).toBe('');
  });
});

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { wireRemote } from '../../src/app/wire-remote.ts';
import { httpSource } from '../../src/config/http-source-schema.ts';
import { Teardown } from '../../src/lib/teardown.ts';
import { never, objectOf } from '../contracts/source.contract.ts';
import { makeCertificate } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { hostileServer, silentServer } from '../support/hostile-web-server.ts';
import { needs } from '../support/left-out.ts';

const date = 'Last-Modified: Thu, 04 Mar 2021 05:06:07 GMT\r\n';
const head = (length: number, more = '') => `HTTP/1.1 200 OK\r\n${date}Content-Length: ${length}\r\n${more}\r\n`;
const status = (line: string, more = '') => `HTTP/1.1 ${line}\r\nContent-Length: 0\r\n${more}\r\n`;

/** The source as the program makes it, breaker included. */
function basementAt(url: string, change: object = {}) {
  const teardown = new Teardown((step, error) => {
    throw new Error(step, { cause: error });
  });
  onTestFinished(() => teardown.run());
  const times = { connectTimeout: '300ms', headersTimeout: '300ms', bodyTimeout: '300ms' };
  const config = httpSource.parse({ type: 'http', name: 'basement', url: `${url}/`, ...times, ...change });
  return wireRemote(config, () => ({}), teardown);
}

/** What a basement that always answers so makes of a key. */
async function answerOf(bytes: string, change: object = {}) {
  const server = await hostileServer((socket) => socket.write(bytes));
  onTestFinished(() => server[Symbol.asyncDispose]());
  return await basementAt(server.url, change).source.open('a.jpg', never);
}

describe('a basement that answers', () => {
  test.each([
    ['500', status('500 Oops'), 'io', 'STATUS_500'],
    ['503', status('503 Busy'), 'io', 'STATUS_503'],
    ['400', status('400 Bad'), 'io', 'STATUS_400'],
    ['401', status('401 Who'), 'denied', 'STATUS_401'],
    ['a redirect', status('302 There', 'Location: http://127.0.0.1:1/a.jpg\r\n'), 'io', 'REDIRECTED'],
    ['a redirect to a log-in', status('301 There', 'Location: /login/\r\n'), 'io', 'REDIRECTED'],
    ['with gzip', head(3, 'Content-Encoding: gzip\r\n'), 'io', 'ENCODED'],
    ['without a length', `HTTP/1.1 200 OK\r\n${date}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'io', 'NO_LENGTH'],
    ['without a date', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', 'io', 'NO_DATE'],
    ['a part that nobody asked for', `HTTP/1.1 206 Part\r\n${date}Content-Length: 1\r\n\r\nx`, 'io', 'STATUS_206'],
    ['not modified', 'HTTP/1.1 304 Same\r\n\r\n', 'io', 'REDIRECTED'],
  ])('%s tells nothing of the object', async (_, bytes, trouble, code) => {
    expect(await answerOf(bytes)).toMatchObject({ kind: 'unavailable', trouble, cause: { code } });
  });

  test('something that is no HTTP, or nothing and is gone, tells nothing of the object', async () => {
    expect(await answerOf('SSH-2.0-OpenSSH\r\n\r\n')).toMatchObject({ kind: 'unavailable', trouble: 'io' });
    const server = await hostileServer((socket) => socket.destroy());
    onTestFinished(() => server[Symbol.asyncDispose]());
    expect(await basementAt(server.url).source.open('a.jpg', never)).toMatchObject({
      kind: 'unavailable',
      trouble: 'io',
    });
  });

  test('403 has a private object, and 404 and 410 have none', async () => {
    expect(await answerOf(status('403 No'))).toEqual({ kind: 'private' });
    expect(await answerOf(status('404 None'))).toEqual({ kind: 'missing' });
    expect(await answerOf(status('410 Gone'))).toEqual({ kind: 'missing' });
  });

  test('404 for everything, its canary too, has no disk', async () => {
    expect(await answerOf(status('404 None'), { canary: 'canary.txt' })).toMatchObject({ trouble: 'not-mounted' });
    expect(await answerOf(status('403 No'), { canary: 'canary.txt' })).toMatchObject({ trouble: 'not-mounted' });
  });

  test('gets the secret and no offer of compression', async () => {
    await using server = await hostileServer((socket) => socket.write(status('404 None')));
    const secret = { header: 'X-Upstairs-Secret', value: 's3cret' };
    await basementAt(server.url, { secret, canary: 'c' }).source.open('a.jpg', never);
    expect(server.seen.map(({ headers }) => [headers['x-upstairs-secret'], headers['accept-encoding']])).toEqual([
      ['s3cret', 'identity'],
      ['s3cret', 'identity'],
    ]);
  });
});

describe('a body from the basement', () => {
  /** Each answer to the next request. */
  async function objectFrom(...answers: string[]) {
    const server = await hostileServer((socket) => {
      const next = answers.shift() ?? status('500 No more');
      socket.write(next);
      if (!next.endsWith('…')) return;
      setTimeout(() => socket.destroy(), 20);
    });
    onTestFinished(() => server[Symbol.asyncDispose]());
    const remote = basementAt(server.url);
    return { server, remote, object: objectOf(await remote.source.open('a.jpg', never)) };
  }
  const failing = { name: 'SourceReadError', code: 'BROKEN' };

  test('that breaks off is an error and no end', async () => {
    const { object } = await objectFrom(`${head(1000)}half of it …`);
    await expect(buffer(object.read())).rejects.toMatchObject(failing);
    object.close();
  });

  test('that stops coming is an error and no end', async () => {
    const { object } = await objectFrom(`${head(1000)}half of it`);
    await expect(buffer(object.read())).rejects.toMatchObject({ name: 'SourceReadError', code: 'TIMEOUT' });
    object.close();
  });

  test('that is longer than announced is read to the announced length, and its connection is not used again', async () => {
    const { object, server, remote } = await objectFrom(`${head(4)}abcdefgh`, `${head(2)}zz`);
    expect(String(await buffer(object.read()))).toBe('abcd');
    object.close();
    const second = await remote.source.open('a.jpg', never);
    if (second.kind === 'found') expect(String(await buffer(second.object.read()))).toBe('zz');
    expect(server.seen.length).toBe(2);
  });

  test.each([
    ['another part', `HTTP/1.1 206 P\r\n${date}Content-Range: bytes 2-5/10\r\nContent-Length: 4\r\n\r\nabcd`, 'BROKEN'],
    [
      'a part of another size',
      `HTTP/1.1 206 P\r\n${date}Content-Range: bytes 1-4/11\r\nContent-Length: 4\r\n\r\nabcd`,
      'CHANGED',
    ],
    [
      'fewer bytes than the part',
      `HTTP/1.1 206 P\r\n${date}Content-Range: bytes 1-4/10\r\nContent-Length: 2\r\n\r\nab`,
      'BROKEN',
    ],
    [
      'more bytes than the part',
      `HTTP/1.1 206 P\r\n${date}Content-Range: bytes 1-4/10\r\nContent-Length: 9\r\n\r\nabcdefghi`,
      'BROKEN',
    ],
    ['the whole', `${head(10)}0123456789`, 'BROKEN'],
    ['another whole', `${head(11)}0123456789x`, 'CHANGED'],
    ['412', status('412 Other'), 'CHANGED'],
    ['404', status('404 None'), 'CHANGED'],
    ['500', status('500 Oops'), 'BROKEN'],
    [
      'another date',
      `HTTP/1.1 206 P\r\nLast-Modified: Thu, 04 Mar 2021 05:06:08 GMT\r\nContent-Range: bytes 1-4/10\r\nContent-Length: 4\r\n\r\nabcd`,
      'CHANGED',
    ],
  ])('answered by %s where a part was wanted is an error', async (_, second, code) => {
    const { object } = await objectFrom(`${head(10)}0123456789`, second);
    await expect(buffer(object.read({ first: 1, last: 4 }))).rejects.toMatchObject({ name: 'SourceReadError', code });
    object.close();
  });

  test('that nobody reads is cut off at once', async () => {
    const { object, server, remote } = await objectFrom(`${head(50_000_000)}some`);
    object.close();
    await eventually(() => remote.load.outstanding === 0, { everyMs: 2 });
    await eventually(async () => (await server.connections()) === 0, { everyMs: 2 });
  });

  test('that changes while it comes is told from one that did not', async () => {
    const { object } = await objectFrom(
      `${head(4)}abcd`,
      `HTTP/1.1 200 OK\r\n${date}ETag: "new"\r\nContent-Length: 4\r\n\r\n`,
    );
    await buffer(object.read());
    expect(await object.unchanged()).toBe(false);
    const { object: broken } = await objectFrom(`${head(4)}abcd`, status('503 Busy'));
    await buffer(broken.read());
    await expect(broken.unchanged()).rejects.toMatchObject(failing);
  });
});

describe('a basement that is away', () => {
  test('and never answers costs its readers a deadline, and soon nothing any more', async () => {
    await using server = await silentServer();
    const remote = basementAt(server.url, { connectTimeout: '500ms', headersTimeout: '500ms' });
    for (let i = 0; i < 5; i++)
      expect(await remote.source.open('a.jpg', never)).toMatchObject({ kind: 'unavailable', trouble: 'timeout' });
    const began = performance.now();
    expect(await remote.source.open('a.jpg', never)).toMatchObject({ kind: 'unavailable', trouble: 'busy' });
    expect(performance.now() - began).toBeLessThan(400);
    expect(remote.asked).toBe(false);
    await eventually(() => remote.load.outstanding === 0, { everyMs: 10 });
  });

  test('holds no more requests than it may, and refuses more than may wait', async () => {
    await using server = await silentServer();
    const remote = basementAt(server.url, { connections: 2, maxWaiting: 3, headersTimeout: '500ms' });
    const answers = Array.from({ length: 7 }, () => remote.source.open('a.jpg', never));
    expect(remote.load).toEqual({ outstanding: 2, waiting: 3 });
    const troubles = (await Promise.all(answers)).map((answer) => 'trouble' in answer && answer.trouble);
    expect(troubles.slice(0, 2)).toEqual(['timeout', 'timeout']);
    expect(troubles.slice(5)).toEqual(['busy', 'busy']);
  });

  test('is let go of at once by a reader who leaves', async () => {
    await using server = await silentServer();
    const remote = basementAt(server.url);
    const leave = new AbortController();
    const answer = remote.source.open('a.jpg', leave.signal);
    const left = new Error('left');
    leave.abort(left);
    await expect(answer).rejects.toBe(left);
  });

  test('or whose name is not known is unavailable', async () => {
    expect(await basementAt('http://basement.invalid').source.open('a.jpg', never)).toMatchObject({
      kind: 'unavailable',
      trouble: 'io',
    });
  });
});

describe('a connection that the basement closed while it lay idle', () => {
  test('costs no read', async () => {
    let requests = 0;
    await using server = await hostileServer((socket) => {
      requests += 1;
      // The second request comes on the first one's connection, and finds it closed.
      if (requests === 2) socket.destroy();
      else socket.write(`${head(4)}abcd`);
    });
    const remote = basementAt(server.url);
    for (let i = 0; i < 2; i++) {
      const object = objectOf(await remote.source.open('a.jpg', never));
      expect(String(await buffer(object.read()))).toBe('abcd');
    }
    expect(requests).toBe(3);
  });
});

describe.skipIf(needs('openssl').skip)('a basement with TLS', () => {
  async function secureServer(certificate: { cert: string; key: string }) {
    const files = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) };
    const server = createHttps(files, (_, response) => {
      response.writeHead(200, { 'content-length': 1, 'last-modified': 'Thu, 04 Mar 2021 05:06:07 GMT' }).end('x');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close().closeAllConnections());
    return `https://localhost:${(server.address() as AddressInfo).port}`;
  }

  test('whose authority is known is believed; one of its own making is not, and neither is one for another name', async () => {
    const certificate = makeCertificate(['localhost']);
    const url = await secureServer(certificate);
    const good = await basementAt(url, { ca: certificate.ca }).source.open('a.jpg', never);
    expect(String(await buffer(objectOf(good).read()))).toBe('x');
    const own = await basementAt(url).source.open('a.jpg', never);
    expect(own).toMatchObject({ kind: 'unavailable', trouble: 'io', cause: { code: expect.stringMatching(/CERT/) } });
    const elsewhere = await secureServer(makeCertificate(['elsewhere.test']));
    const named = await basementAt(elsewhere, { ca: certificate.ca }).source.open('a.jpg', never);
    expect(named).toMatchObject({ kind: 'unavailable', cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });

  test('whose certificate has ended is not believed', async () => {
    const certificate = makeCertificate(['localhost'], { days: -1 });
    const url = await secureServer(certificate);
    const answer = await basementAt(url, { ca: certificate.ca }).source.open('a.jpg', never);
    expect(answer).toMatchObject({ kind: 'unavailable', trouble: 'io', cause: { code: 'CERT_HAS_EXPIRED' } });
  });
});

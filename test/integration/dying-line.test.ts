import { buffer } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { wireRemote } from '../../src/app/wire-remote.ts';
import { httpSource } from '../../src/config/http-source-schema.ts';
import { s3Source } from '../../src/config/s3-source-schema.ts';
import { Teardown } from '../../src/lib/teardown.ts';
import { never, objectOf } from '../contracts/source.contract.ts';
import { eventually } from '../support/eventually.ts';
import { hostileServer } from '../support/hostile-web-server.ts';

const date = 'Last-Modified: Thu, 04 Mar 2021 05:06:07 GMT\r\n';
const head = (length: number, more = '') => `HTTP/1.1 200 OK\r\n${date}Content-Length: ${length}\r\n${more}\r\n`;
const status = (line: string, more = '') => `HTTP/1.1 ${line}\r\nContent-Length: 0\r\n${more}\r\n`;
const times = { connectTimeout: '300ms', headersTimeout: '300ms', bodyTimeout: '300ms' };

type Answer = Parameters<typeof hostileServer>[0];

async function served(answer: Answer) {
  const server = await hostileServer(answer);
  onTestFinished(() => server[Symbol.asyncDispose]());
  const teardown = new Teardown((step, error) => {
    throw new Error(step, { cause: error });
  });
  onTestFinished(() => teardown.run());
  return { server, teardown };
}

async function basement(answer: Answer, change: object = {}) {
  const { server, teardown } = await served(answer);
  const config = httpSource.parse({ type: 'http', name: 'basement', url: `${server.url}/`, ...times, ...change });
  const remote = wireRemote(
    config,
    (key) => ({ 'content-type': key.endsWith('.html') ? 'text/html' : 'image/jpeg' }),
    teardown,
  );
  return {
    server,
    remote,
    open: (key = 'a.jpg', wanted?: 'facts' | 'bytes') => remote.source.open(key, never, wanted),
  };
}

async function oldBucket(answer: Answer, change: object = {}) {
  const { server, teardown } = await served(answer);
  const config = s3Source.parse({
    ...{
      type: 's3',
      name: 'old-bucket',
      endpoint: server.url,
      bucket: 'old',
      accessKey: 'a',
      secretKey: 'b',
      acls: true,
    },
    ...times,
    ...change,
  });
  const remote = wireRemote(config, () => ({}), teardown);
  return { server, remote, open: () => remote.source.open('a.jpg', never) };
}

/** A page for an error that never comes to its end, and never rests for long. */
const dripping: Answer = (socket) => {
  socket.write('HTTP/1.1 404 None\r\nTransfer-Encoding: chunked\r\n\r\n');
  const drip = setInterval(() => socket.write('1\r\nx\r\n'), 50);
  socket.once('close', () => clearInterval(drip));
};

const idle = (remote: { load: { outstanding: number } }) =>
  eventually(() => remote.load.outstanding === 0, { everyMs: 5, withinMs: 4000 });

describe('places at a basement', () => {
  test('a reader who leaves before the first byte gives its place back', async () => {
    // More than is taken without a reader: from then on no time-out is left.
    const { remote, open } = await basement((socket) => socket.write(head(50_000_000) + 'x'.repeat(5_000_000)));
    const object = objectOf(await open());
    await new Promise((done) => setTimeout(done, 100));
    object.read().destroy();
    object.close();
    await idle(remote);
  });

  test('readers of parts who wait or gave up keep nobody from the first read of another key', async () => {
    const { remote, open } = await basement(
      (socket, { headers: { range } }) => {
        if (range)
          socket.write(
            `HTTP/1.1 206 P\r\n${date}Content-Range: ${range.replace('=', ' ')}/50000000\r\nContent-Length: 40000000\r\n\r\nx`,
          );
        else socket.write(`${head(50_000_000)}some`);
      },
      { connections: 4, maxWaiting: 6, bodyTimeout: '20s' },
    );
    const object = objectOf(await open());
    const part = () => object.read({ first: 5, last: 40_000_004 }).on('error', () => undefined);
    const held = [part(), part()];
    for (const stream of held) stream.read();
    await eventually(() => remote.load.outstanding === 2);
    const more = Array.from({ length: 6 }, part);
    for (const stream of more) stream.read();
    expect(await open('b.jpg')).toMatchObject({ kind: 'found' });
    await eventually(() => more.every((stream) => stream.destroyed));
    expect(remote.load.waiting).toBe(0);
    expect(await open('c.jpg')).toMatchObject({ kind: 'found' });
    for (const stream of held) stream.destroy();
  });

  test('that may not be waited for are used all the same', async () => {
    const { open } = await basement((socket) => socket.write(status('404 None')), { maxWaiting: 0 });
    expect(await open()).toEqual({ kind: 'missing' });
  });

  test('are not held by a reader who wants the beginning of what he found', async () => {
    const { server, open } = await basement((socket) => socket.write(`${head(1000)}${'x'.repeat(1000)}`), {
      connections: 1,
    });
    const object = objectOf(await open());
    expect((await buffer(object.read({ first: 0, last: 9 }))).length).toBe(10);
    object.close();
    expect(server.seen.length).toBe(1);
  });

  test('come back from an error page that drips', async () => {
    const { remote, open } = await basement(dripping);
    expect(await open()).toEqual({ kind: 'missing' });
    await idle(remote);
  });

  test('one connection serves HEAD after HEAD', async () => {
    const ports = new Set<number | undefined>();
    const { open } = await basement((socket) => {
      ports.add(socket.remotePort);
      socket.write(head(5_000_000));
    });
    for (let i = 0; i < 3; i++) {
      objectOf(await open('a.jpg', 'facts')).close();
      await new Promise((done) => setTimeout(done, 20));
    }
    expect(ports.size).toBe(1);
  });
});

test('what came whole is not thrown away because one question after it was lost', async () => {
  let heads = 0;
  const { open } = await basement((socket, { method }) => {
    if (method === 'GET') socket.write(`${head(4)}abcd`);
    else if (heads++ === 0) socket.write(status('503 Busy'));
    else socket.write(head(4));
  });
  const object = objectOf(await open());
  await buffer(object.read());
  expect([await object.unchanged(), heads]).toEqual([true, 2]);
});

describe('a page in the place of a file', () => {
  test('is no picture, nor the canary', async () => {
    const page = (socket: { write(text: string): unknown }) =>
      socket.write(`${head(4, 'Content-Type: text/html; charset=utf-8\r\n')}<h1>`);
    const { open } = await basement(page);
    for (const wanted of ['facts', 'bytes'] as const)
      expect(await open('a.jpg', wanted)).toMatchObject({ kind: 'unavailable', cause: { code: 'A_PAGE' } });
    expect(await open('a.html')).toMatchObject({ kind: 'found' });
    const other = await basement(
      (socket, { url }) => (url === '/canary.txt' ? page(socket) : socket.write(status('404 None'))),
      { canary: 'canary.txt' },
    );
    expect(await other.open()).toMatchObject({ trouble: 'not-mounted' });
  });
});

describe('an old bucket', () => {
  test('whose refusal drips costs no more than a deadline', async () => {
    const { remote, open } = await oldBucket(dripping);
    const began = performance.now();
    expect(await open()).toMatchObject({ kind: 'unavailable', trouble: 'timeout' });
    expect(performance.now() - began).toBeLessThan(4000);
    await idle(remote);
  });

  test('that has the object and does not know its ACL has no absence', async () => {
    const { open } = await oldBucket((socket, { url }) => {
      if (!url?.endsWith('?acl=')) return socket.write(`${head(1)}x`);
      const body = '<Error><Code>NoSuchKey</Code></Error>';
      socket.write(`HTTP/1.1 404 None\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    expect(await open()).toMatchObject({ kind: 'unavailable' });
  });
});

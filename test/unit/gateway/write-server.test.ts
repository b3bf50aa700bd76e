import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeSchema } from '../../../src/config/write-schema.ts';
import type { Reply } from '../../../src/gateway/call.ts';
import { RelayedError } from '../../../src/gateway/relayed-error.ts';
import { S3Error } from '../../../src/gateway/s3-error.ts';
import { createWriteServer, type Incoming } from '../../../src/gateway/write-server.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { statusesOf, Wire } from './wire.ts';

const keys = [{ name: 'a', accessKey: 'AKIA', secretKey: 'sixteen-or-more-characters', rights: ['read'] }];

let server: FastifyInstance;
let port: number;
let handle: (incoming: Incoming) => Promise<Reply>;
let requests: Incoming[];
let logged: string;
let wires: Wire[];

beforeEach(async () => {
  requests = [];
  logged = '';
  wires = [];
  handle = async () => ({ status: 200, headers: { 'content-length': '0' } });
  await listen();
});
afterEach(async () => {
  for (const wire of wires) wire.leave();
  await server.close();
});

async function listen(options: object = {}): Promise<void> {
  await server?.close();
  server = createWriteServer({
    write: writeSchema.parse({ hosts: ['s3.test'], keys, ...options }),
    handle: (incoming) => {
      requests.push(incoming);
      return handle(incoming);
    },
    logger: createLogger({
      level: 'info',
      to: {
        write: (line) => {
          logged += line;
        },
      },
    }),
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  port = (server.server.address() as AddressInfo).port;
}

async function wire(): Promise<Wire> {
  const made = await Wire.to(port);
  wires.push(made);
  return made;
}

/** One request on a connection of its own, which ends with the answer. */
async function ask(method: string, target: string, headers: readonly string[] = [], body = ''): Promise<string> {
  const client = await wire();
  client.say([`${method} ${target} HTTP/1.1`, 'Host: s3.test', 'Connection: close', ...headers], body);
  return await client.ends();
}

const put = (size: number, ...headers: string[]) => [
  'PUT /media/a HTTP/1.1',
  'Host: s3.test',
  `Content-Length: ${size}`,
  ...headers,
];
const waiting = 'Expect: 100-continue';
const taken = async (incoming: Incoming): Promise<Reply> => {
  await text(incoming.body());
  return { status: 200, headers: { 'content-length': '0' } };
};
const denied = () => Promise.reject(new S3Error('AccessDenied', 'no'));

describe('a client that waits to be asked for its body', () => {
  test('is asked when somebody wants it, not before', async () => {
    const authorised = Promise.withResolvers<void>();
    handle = async (incoming) => {
      await authorised.promise;
      return await taken(incoming);
    };
    const client = await wire();
    client.say(put(4, waiting));
    await eventually(() => requests.length === 1, { everyMs: 2 });
    await sleep(30);
    expect(client.heard).toBe('');
    authorised.resolve();
    await client.hears(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.sayMore('body');
    await client.hears(/HTTP\/1\.1 200 /);
    expect(statusesOf(client.heard)).toEqual([100, 200]);
    expect(client.closed).toBe(false);
  });

  test('is asked once, however often the body is wanted', async () => {
    handle = async (incoming) => {
      incoming.body();
      return await taken(incoming);
    };
    const client = await wire();
    client.say(put(4, waiting), 'body');
    await client.hears(/HTTP\/1\.1 200 /);
    expect(statusesOf(client.heard)).toEqual([100, 200]);
  });

  test('is refused without being asked, and the connection ends: nobody knows whether the body comes all the same', async () => {
    handle = denied;
    const client = await wire();
    client.say(put(1_000_000, waiting));
    const heard = await client.ends();
    expect(statusesOf(heard)).toEqual([403]);
    expect(heard).toMatch(/connection: close/i);
  });

  test('with another expectation is refused', async () => {
    expect(statusesOf(await ask('PUT', '/media/a', ['Content-Length: 1', 'Expect: 200-ok'], 'x'))).toEqual([417]);
    expect(requests).toEqual([]);
  });
});

describe('the next request on a connection', () => {
  const next = ['GET /media/next HTTP/1.1', 'Host: s3.test', 'Connection: close'];

  test.each([10, 3_000_000])('is answered after a refusal whose body of %i bytes nobody read', async (size) => {
    handle = (incoming) => (incoming.raw.method === 'PUT' ? denied() : Promise.resolve({ status: 204 }));
    const client = await wire();
    client.say(put(size), 'x'.repeat(size));
    client.say(next);
    expect(statusesOf(await client.ends())).toEqual([403, 204]);
    expect(requests[1]?.raw.rawPath).toBe('/media/next');
  });

  test('is answered after a body of which only the beginning was read', async () => {
    handle = async (incoming) => {
      if (incoming.raw.method !== 'PUT') return { status: 204 };
      const body = incoming.body();
      for await (const _ of body.iterator({ destroyOnReturn: false })) break;
      throw new S3Error('BadDigest', 'no');
    };
    const client = await wire();
    client.say(put(3_000_000), 'x'.repeat(3_000_000));
    client.say(next);
    expect(statusesOf(await client.ends())).toEqual([400, 204]);
  });

  test('is answered after an answer that came before the body did', async () => {
    handle = (incoming) => (incoming.raw.method === 'PUT' ? denied() : Promise.resolve({ status: 204 }));
    const client = await wire();
    client.say(put(6));
    await client.hears(/HTTP\/1\.1 403 /);
    client.sayMore('abcdef');
    client.say(next);
    expect(statusesOf(await client.ends())).toEqual([403, 204]);
  });
});

describe('an error', () => {
  test('is told in the words of S3, with the path as it came and the id of the request', async () => {
    handle = denied;
    const heard = await ask('GET', '/media/a%20b%2F?x=1&y');
    const [, id] = /x-amz-request-id: ([0-9A-F]{16})\r\n/i.exec(heard) ?? [];
    expect(id).toBeDefined();
    expect(statusesOf(heard)).toEqual([403]);
    expect(heard).toMatch(/content-type: application\/xml/i);
    for (const part of ['<Code>AccessDenied</Code>', '<Resource>/media/a%20b%2F</Resource>', `>${id}</RequestId>`])
      expect(heard).toContain(part);
    expect(logged).toBe('');
  });

  test('is told in the words of the store where it is the store’s', async () => {
    handle = () => Promise.reject(new RelayedError('EntityTooSmall', 400, 'too small <&>'));
    const heard = await ask('POST', '/media/a?uploadId=x');
    expect(heard).toContain('<Code>EntityTooSmall</Code><Message>too small &lt;&amp;&gt;</Message>');
    expect(statusesOf(heard)).toEqual([400]);
  });

  test('of a HEAD has its status and no body', async () => {
    handle = denied;
    const heard = await ask('HEAD', '/media/a');
    expect(statusesOf(heard)).toEqual([403]);
    expect(heard).toMatch(/content-length: 0/i);
    expect(heard).toMatch(/\r\n\r\n$/);
  });

  test('that passes says when to come again', async () => {
    handle = () => Promise.reject(new S3Error('SlowDown', 'later'));
    for (const method of ['GET', 'HEAD']) expect(await ask(method, '/media/a')).toMatch(/retry-after: 5\r\n/i);
  });

  test('that is a bug of ours is logged, and the client learns nothing of it', async () => {
    handle = () => Promise.reject(new TypeError('of internals'));
    const heard = await ask('GET', '/media/a');
    expect(statusesOf(heard)).toEqual([500]);
    expect(heard).toContain('<Code>InternalError</Code>');
    expect(heard).not.toContain('internals');
    expect(logged).toContain('of internals');
  });

  test('of what is no HTTP is a refusal too', async () => {
    const client = await wire();
    client.say(['NONSENSE']);
    expect(statusesOf(await client.ends())).toEqual([400]);
    expect(requests).toEqual([]);
  });
});

describe('an answer', () => {
  test('has its bytes, headers and an id of its own', async () => {
    handle = async () => ({
      status: 206,
      headers: { 'content-length': '5', 'content-range': 'bytes 0-4/9', 'x-amz-meta-a': 'b' },
      body: Readable.from([Buffer.from('by'), Buffer.from('tes')]),
    });
    const [one, two] = [await ask('GET', '/media/a'), await ask('GET', '/media/a')];
    expect(one).toMatch(/content-range: bytes 0-4\/9\r\n.*x-amz-meta-a: b\r\n.*\r\n\r\nbytes$/is);
    const ids = [one, two].map((heard) => /x-amz-request-id: (\w+)/i.exec(heard)?.[1]);
    expect(new Set([...ids, ...requests.map(({ requestId }) => requestId)]).size).toBe(2);
  });

  test('to a HEAD keeps the length of what is not sent', async () => {
    handle = async () => ({ status: 200, headers: { 'content-length': '12345', etag: '"x"' } });
    const heard = await ask('HEAD', '/media/a');
    expect(heard).toMatch(/content-length: 12345/i);
    expect(heard).toMatch(/\r\n\r\n$/);
  });

  test.each([204, 304])('of %i has neither body nor length', async (status) => {
    handle = async () => ({ status, headers: { etag: '"x"' } });
    const heard = await ask('GET', '/media/a');
    expect(statusesOf(heard)).toEqual([status]);
    expect(heard).not.toMatch(/content-length|content-type|transfer-encoding/i);
  });

  test('that breaks off breaks the connection, and never ends cleanly', async () => {
    const bytes = new PassThrough();
    handle = async () => ({ status: 200, headers: { 'content-length': '9' }, body: bytes });
    const client = await wire();
    client.say(['GET /media/a HTTP/1.1', 'Host: s3.test']);
    bytes.write('begin');
    await client.hears(/begin$/);
    bytes.destroy(new Error('EIO'));
    expect(await client.ends()).toMatch(/\r\n\r\nbegin$/);
  });

  test('that breaks before its first byte is none at all', async () => {
    const bytes = new PassThrough();
    handle = async () => ({ status: 200, headers: { 'content-length': '9', etag: '"x"' }, body: bytes });
    const client = await wire();
    client.say(['GET /media/a HTTP/1.1', 'Host: s3.test']);
    await eventually(() => requests.length === 1, { everyMs: 2 });
    await sleep(20);
    bytes.destroy(new Error('of internals'));
    expect(await client.ends()).toBe('');
    expect(logged).toContain('could not be begun');
  });
});

describe('a client that leaves', () => {
  test('is told to whoever works for it, and what it would have got is let go', async () => {
    const left = Promise.withResolvers<void>();
    const bytes = new PassThrough();
    handle = async ({ signal }) => {
      signal.addEventListener('abort', () => left.resolve());
      await left.promise;
      return { status: 200, headers: { 'content-length': '9' }, body: bytes };
    };
    const client = await wire();
    client.say(['GET /media/a HTTP/1.1', 'Host: s3.test']);
    await eventually(() => requests.length === 1, { everyMs: 2 });
    client.leave();
    await left.promise;
    await eventually(() => bytes.destroyed, { everyMs: 2, withinMs: 1000 });
    expect(logged).toBe('');
  });

  test('in the middle of an answer lets it go', async () => {
    const bytes = new PassThrough();
    handle = async () => ({ status: 200, headers: { 'content-length': '9' }, body: bytes });
    const client = await wire();
    client.say(['GET /media/a HTTP/1.1', 'Host: s3.test']);
    bytes.write('begin');
    await client.hears(/begin$/);
    client.leave();
    await eventually(() => bytes.destroyed, { everyMs: 2, withinMs: 1000 });
    expect(requests[0]?.signal.aborted).toBe(true);
  });

  test('in the middle of its body breaks the body', async () => {
    const broke = Promise.withResolvers<unknown>();
    handle = async (incoming) => {
      await text(incoming.body()).catch(broke.resolve);
      throw new S3Error('IncompleteBody', 'no');
    };
    const client = await wire();
    client.say(put(100), 'half');
    await eventually(() => requests.length === 1, { everyMs: 2 });
    client.leave();
    expect(await broke.promise).toBeInstanceOf(Error);
    expect(logged).toBe('');
  });

  test('after its answer has not left', async () => {
    await ask('GET', '/media/a');
    await sleep(20);
    expect(requests[0]?.signal.aborted).toBe(false);
  });

  test('is no error of ours, whatever its work ends with', async () => {
    handle = async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Error('aborted');
    };
    const client = await wire();
    client.say(['GET /media/a HTTP/1.1', 'Host: s3.test']);
    await eventually(() => requests.length === 1, { everyMs: 2 });
    client.leave();
    await eventually(() => requests[0]?.signal.aborted === true, { everyMs: 2 });
    await sleep(20);
    expect(logged).toBe('');
  });
});

describe('what is handed on of a request', () => {
  test.each([
    ['/media/a%2Fb/../c//d?x=%20&y', '/media/a%2Fb/../c//d', 'x=%20&y'],
    ['/', '/', ''],
    ['/media?', '/media', ''],
    ['/media/%zz?a?b', '/media/%zz', 'a?b'],
    ['//media', '//media', ''],
    ['http://s3.test/media/a', 'http://s3.test/media/a', ''],
  ])('is its target as it came: %s', async (target, rawPath, rawQuery) => {
    expect(statusesOf(await ask('GET', target))).toEqual([200]);
    expect(requests[0]?.raw).toMatchObject({ method: 'GET', rawPath, rawQuery });
  });

  test.each(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH', 'PURGE', 'PROPFIND', 'TRACE'])(
    'is its method: %s',
    async (method) => {
      handle = denied;
      expect(statusesOf(await ask(method, '/media/a'))).toEqual([403]);
      expect(requests[0]?.raw.method).toBe(method);
    },
  );

  test('are its headers in order, every line of them', async () => {
    await ask('GET', '/media/a', ['X-Amz-Meta-A: 1', 'x-amz-meta-a: 2', 'Accept: \xe9']);
    expect(requests[0]?.raw.headers.slice(2)).toEqual([
      ['x-amz-meta-a', '1'],
      ['x-amz-meta-a', '2'],
      ['accept', '\xe9'],
    ]);
  });

  test('is a body in whatever form', async () => {
    let got = '';
    handle = async (incoming) => {
      got = await text(incoming.body());
      return { status: 204 };
    };
    for (const type of ['application/json', 'text/plain', 'application/xml', 'multipart/form-data']) {
      await ask('POST', '/media?delete', [`Content-Type: ${type}`, 'Content-Length: 5'], '{"a":');
      expect(got).toBe('{"a":');
    }
  });

  test('is the peer’s address, and plain text, whatever it says of itself', async () => {
    await ask('GET', '/', ['X-Forwarded-For: 192.0.2.7', 'X-Forwarded-Proto: https']);
    expect(requests[0]).toMatchObject({ address: '127.0.0.1', secure: false });
  });

  test('is what a trusted proxy tells of the client', async () => {
    await listen({ trustProxy: ['127.0.0.1'] });
    await ask('GET', '/', ['X-Forwarded-For: 192.0.2.7', 'X-Forwarded-Proto: https']);
    await ask('GET', '/', ['X-Forwarded-For: 203.0.113.9, 192.0.2.7', 'X-Forwarded-Proto: http']);
    await ask('GET', '/');
    expect(requests).toMatchObject([
      { address: '192.0.2.7', secure: true },
      // The one before it is the client's own word.
      { address: '192.0.2.7', secure: false },
      { address: '127.0.0.1', secure: true },
    ]);
  });
});

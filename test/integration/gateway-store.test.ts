import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { BucketAddress, type BucketLocation } from '../../src/bucket/bucket-address.ts';
import { RequestSigner } from '../../src/bucket/request-signer.ts';
import type { Announced } from '../../src/gateway/payload.ts';
import { S3Error } from '../../src/gateway/s3-error.ts';
import {
  type StoreAnswer,
  StoreGateway,
  type StoreGatewayOptions,
  type StoreRequest,
} from '../../src/gateway/store-gateway.ts';
import { verifiedBody } from '../../src/gateway/verified-body.ts';
import { eventually } from '../support/eventually.ts';
import { type Decide, faultProxy } from '../support/fault-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { freshBucket, objectFacts, sharedRgw } from '../support/rgw.ts';

const never = new AbortController().signal;
const kib = 1024;

let cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

function gatewayTo(
  location: Pick<BucketLocation, 'endpoint'> & Partial<BucketLocation>,
  options: Partial<StoreGatewayOptions> = {},
  secretAccessKey = 'testtest',
) {
  const gateway = new StoreGateway({
    address: new BucketAddress({ name: 'media', keyPrefix: '', addressing: 'path', ...location }),
    signer: new RequestSigner({ region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey } }),
    connections: 4,
    connectTimeoutMs: 1000,
    waitTimeoutMs: 1500,
    stallTimeoutMs: 2000,
    ...options,
  });
  cleanUps.push(() => gateway.close());
  return (request: Partial<StoreRequest>) =>
    gateway.send({ method: 'GET', key: 'a.jpg', query: [], headers: {}, signal: never, ...request });
}

/** A store of our own making. */
async function storeThat(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Pieces of 16 KiB, as a connection would bring them. */
function streamOf(bytes: Uint8Array): Readable {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16 * kib) pieces.push(Buffer.from(bytes.subarray(at, at + 16 * kib)));
  return Readable.from(pieces);
}

const bytesOf = (size: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, n) => (n * 31 + (n >> 8) * 7 + (n >> 16)) & 0xff));

function put(bytes: Uint8Array, claims: Partial<Announced> = {}, came: Uint8Array = bytes) {
  const announced = { size: bytes.length, ...claims };
  const stream = verifiedBody(streamOf(came), announced);
  return { method: 'PUT', body: { stream, size: announced.size, ...(claims.sha256 ? { sha256: claims.sha256 } : {}) } };
}

/** Status and body, or what is known of the failure. */
async function told(answer: StoreAnswer | Promise<StoreAnswer>) {
  const given = await answer;
  if (given.kind === 'answered') return { status: given.status, body: await text(given.body) };
  return { sentNothing: given.sentNothing, code: given.bodyError?.code };
}

describe.skipIf(needs('ceph').skip)('the way to a real store', () => {
  async function rgw() {
    const { endpoint, client } = sharedRgw();
    const name = await freshBucket();
    return { endpoint, name, facts: (key: string) => objectFacts(client, name, key) };
  }

  test.each([0, 1, 100_000, 5_000_000])('brings %i bytes there with their headers', async (size) => {
    const { endpoint, name, facts } = await rgw();
    const bytes = bytesOf(size);
    const md5 = createHash('md5').update(bytes).digest();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    for (const claims of [{}, { md5, sha256, crc32: crc32(bytes) }]) {
      const answer = await gatewayTo({ endpoint, name })({
        ...put(bytes, claims),
        headers: {
          'content-type': 'image/jpeg',
          'content-md5': md5.toString('base64'),
          'cache-control': 'public, max-age=60',
          'content-disposition': 'inline; filename="a  b"',
          'x-amz-acl': 'public-read',
          'x-amz-meta-name': Buffer.from('a  ü\u00a0\u3000 à').toString('latin1'),
          'x-amz-meta-empty': '',
        },
      });
      expect(await told(answer)).toMatchObject({ status: 200 });
      expect(await facts('a.jpg')).toMatchObject({
        size,
        md5: md5.toString('hex'),
        contentType: 'image/jpeg',
        cacheControl: 'public, max-age=60',
        contentDisposition: 'inline; filename="a  b"',
        isPublic: true,
      });
    }
  });

  const wrong: Record<string, (bytes: Buffer) => [Partial<Announced>, Buffer, string]> = {
    'another MD5': (bytes) => [{ md5: createHash('md5').update('x').digest() }, bytes, 'BadDigest'],
    'another SHA-256': (bytes) => [
      { sha256: createHash('sha256').update('x').digest('hex') },
      bytes,
      'XAmzContentSHA256Mismatch',
    ],
    'another CRC32': (bytes) => [{ crc32: crc32('x') }, bytes, 'BadDigest'],
    'a missing byte': (bytes) => [{}, bytes.subarray(1), 'IncompleteBody'],
    'a byte too many': (bytes) => [{}, Buffer.concat([bytes, Buffer.of(0)]), 'IncompleteBody'],
  };
  const cases = Object.keys(wrong).flatMap((what) => [1, 100_000, 5_000_000].map((size) => [what, size] as const));
  test.each(cases)('leaves nothing there of a body with %s, of %i bytes', async (what, size) => {
    const { endpoint, name, facts } = await rgw();
    const bytes = bytesOf(size);
    const [claims, came, code] = wrong[what]?.(bytes) ?? [];
    const send = gatewayTo({ endpoint, name });
    expect(await told(send(put(bytes, claims, came)))).toEqual({ sentNothing: true, code });
    await sleep(100);
    expect(await facts('a.jpg')).toBeUndefined();
    expect(await told(send(put(bytes)))).toMatchObject({ status: 200 });
  });

  test('leaves nothing there of a body whose client went away', async () => {
    const { endpoint, name, facts } = await rgw();
    const send = gatewayTo({ endpoint, name });
    const answers: ReturnType<typeof told>[] = [];
    const host = await storeThat((request) => {
      const stream = verifiedBody(request, { size: 1_000_000 });
      answers.push(told(send({ method: 'PUT', body: { stream, size: 1_000_000 } })));
    });
    const client = httpRequest(host, { method: 'PUT', headers: { 'content-length': 1_000_000 } });
    client.on('error', () => undefined).write(bytesOf(900_000), () => client.destroy());
    await eventually(() => answers.length === 1);
    expect(await answers[0]).toEqual({ sentNothing: true, code: 'IncompleteBody' });
    await sleep(100);
    expect(await facts('a.jpg')).toBeUndefined();
  });

  test('finds the bucket itself and odd keys, with every query signed', async () => {
    const { endpoint, name } = await rgw();
    const send = gatewayTo({ endpoint, name, keyPrefix: 'old media/' });
    for (const key of ['sp ace+plus.jpg', "ü'!*().jpg", '100%25&=?#;.jpg'])
      expect(await told(send({ ...put(bytesOf(10)), key }))).toMatchObject({ status: 200 });
    const query = [
      ['list-type', '2'],
      ['prefix', "old media/ü'!"],
      ['delimiter', ''],
    ] as const;
    const list = await told(send({ key: '', query }));
    expect(list).toMatchObject({ status: 200, body: expect.stringContaining('<KeyCount>1</KeyCount>') });
    expect(await told(send({ key: "ü'!*().jpg", query: [['acl', '']] }))).toMatchObject({ status: 200 });
    expect(await told(send({ method: 'HEAD', key: '100%25&=?#;.jpg' }))).toEqual({ status: 200, body: '' });
  });

  test('sends a document in one piece', async () => {
    const { endpoint, name } = await rgw();
    const body = Buffer.from('<Delete><Object><Key>a.jpg</Key></Object></Delete>');
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
    const answer = await told(
      gatewayTo({ endpoint, name })({ method: 'POST', key: '', query: [['delete', '']], headers, body }),
    );
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('<Deleted>') });
  });

  test('brings back what the store refuses', async () => {
    const { endpoint, name } = await rgw();
    const request = put(bytesOf(5_000_000));
    const answer = await told(gatewayTo({ endpoint, name }, {}, 'another secret')(request));
    // RGW may close before it has the body: then no answer comes, and nothing was stored.
    expect([
      { status: 403, body: expect.stringContaining('SignatureDoesNotMatch') },
      { sentNothing: true, code: undefined },
    ]).toContainEqual(answer);
  });

  const broken = async (decide: Decide) => {
    const { endpoint, name, facts } = await rgw();
    const proxy = await faultProxy(endpoint, decide);
    cleanUps.push(() => proxy.close());
    return { send: gatewayTo({ endpoint: proxy.endpoint, name }), facts };
  };

  test('does not know what became of a request whose answer was lost', async () => {
    const { send, facts } = await broken(() => 'swallow-answer');
    // The proxy's Host is not the one that was signed for RGW: it is passed on as it is, so the signature holds.
    expect(await told(send(put(bytesOf(100_000))))).toEqual({ sentNothing: false, code: undefined });
    expect(await facts('a.jpg')).toMatchObject({ size: 100_000 });
  });

  test('knows that a connection which broke in the middle of the body brought nothing', async () => {
    const { send, facts } = await broken(() => ({ abortAfterRequestBytes: 50_000 }));
    expect(await told(send(put(bytesOf(5_000_000))))).toEqual({ sentNothing: true, code: undefined });
    expect(await facts('a.jpg')).toBeUndefined();
  });
});

describe('the way to a store', () => {
  test('sends the path as it is, to a bucket in the host name too', async () => {
    const seen: (string | undefined)[] = [];
    const endpoint = await storeThat((request, response) => {
      seen.push(request.url, request.headers.host);
      response.end();
    });
    await told(gatewayTo({ endpoint })({ key: '../other/./secret', query: [['acl', '']] }));
    const { port } = new URL(endpoint);
    const named = `http://localhost:${port}`;
    const address = new BucketAddress({ endpoint: named, name: 'media', keyPrefix: '', addressing: 'virtual' });
    const { host, bucketPath } = address;
    const virtual = { origin: endpoint, host, bucketPath, pathOf: (key: string) => address.pathOf(key) };
    await told(gatewayTo({ endpoint }, { address: virtual })({ key: 'a//b' }));
    await told(gatewayTo({ endpoint }, { address: virtual })({ key: '' }));
    const there = `127.0.0.1:${port}`;
    const inName = `media.localhost:${port}`;
    expect(seen).toEqual(['/media/../other/./secret?acl=', there, '/a//b', inName, '/', inName]);
  });

  test('always tells the length of what it stores, and no other headers than it was given', async () => {
    const seen: object[] = [];
    const endpoint = await storeThat(async (request, response) => {
      const { authorization: _, host: __, 'x-amz-date': ___, ...headers } = request.headers;
      seen.push(headers);
      response.end(await text(request));
    });
    const send = gatewayTo({ endpoint });
    const hash = (of: string) => createHash('sha256').update(of).digest('hex');
    const common = { connection: 'keep-alive', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    await told(send({ method: 'DELETE' }));
    await told(send({ method: 'PUT' }));
    await told(send(put(Buffer.alloc(0))));
    await told(send({ method: 'POST', body: Buffer.from('<a/>') }));
    await told(send({ ...put(Buffer.from('abc'), { sha256: hash('abc') }), headers: { 'if-none-match': '*' } }));
    expect(seen).toEqual([
      common,
      { ...common, 'content-length': '0' },
      { ...common, 'content-length': '0' },
      { ...common, 'content-length': '4', 'x-amz-content-sha256': hash('<a/>') },
      { ...common, 'content-length': '3', 'x-amz-content-sha256': hash('abc'), 'if-none-match': '*' },
    ]);
  });

  test('is one connection for one request after the other, HEAD among them', async () => {
    const ports = new Set<number | undefined>();
    const endpoint = await storeThat((request, response) => {
      ports.add(request.socket.remotePort);
      request.resume().on('end', () => response.end('ok'));
    });
    const send = gatewayTo({ endpoint }, { connections: 1 });
    for (const method of ['HEAD', 'HEAD', 'GET', 'DELETE']) expect((await told(send({ method }))).status).toBe(200);
    expect((await told(send(put(bytesOf(100_000))))).status).toBe(200);
    expect(ports.size).toBe(1);
  });

  test('gives up a store that is not there: nothing was sent', async () => {
    const send = gatewayTo({ endpoint: `http://127.0.0.1:${await freePort()}` });
    for (const request of [{ method: 'DELETE' }, put(bytesOf(10)), { method: 'POST', body: Buffer.from('a') }])
      expect(await told(send(request))).toEqual({ sentNothing: true, code: undefined });
  });

  test('gives up a store that does not answer, so long after the last byte', async () => {
    const endpoint = await storeThat((request) => void request.resume());
    const send = gatewayTo({ endpoint });
    const slow = Readable.from(
      (async function* () {
        for (let n = 0; n < 4; n++) {
          await sleep(100);
          yield Buffer.of(n);
        }
      })(),
    );
    const begun = Date.now();
    const body = { stream: verifiedBody(slow, { size: 4 }), size: 4 };
    expect(await told(send({ method: 'PUT', body, deadlineMs: 300 }))).toEqual({ sentNothing: false, code: undefined });
    expect(Date.now() - begun).toBeGreaterThan(650);
    expect(Date.now() - begun).toBeLessThan(1500);
    expect(await told(send({ method: 'DELETE', deadlineMs: 50 }))).toEqual({ sentNothing: false, code: undefined });
  });

  test('gives up a store that takes no more of a body', async () => {
    const endpoint = await storeThat((request) => void request.pause());
    const send = gatewayTo({ endpoint }, { stallTimeoutMs: 500 });
    expect(await told(send(put(bytesOf(20_000_000))))).toEqual({ sentNothing: true, code: undefined });
  });

  test('waits for a slow client as long as it likes', async () => {
    const endpoint = await storeThat((request, response) => void request.resume().on('end', () => response.end()));
    const slow = Readable.from(
      (async function* () {
        yield Buffer.of(1);
        yield Buffer.of(2);
        await sleep(1500);
        yield Buffer.of(3);
      })(),
    );
    const body = { stream: verifiedBody(slow, { size: 3 }), size: 3 };
    expect(await told(gatewayTo({ endpoint }, { stallTimeoutMs: 500 })({ method: 'PUT', body }))).toMatchObject({
      status: 200,
    });
  });

  test('lets a request go that waits for a connection, and never sends it later', async () => {
    const seen: (string | undefined)[] = [];
    const answers: (() => void)[] = [];
    const endpoint = await storeThat((request, response) => {
      seen.push(request.url);
      answers.push(() => response.end());
    });
    const send = gatewayTo({ endpoint }, { connections: 1, waitTimeoutMs: 200 });
    const first = told(send({ key: 'first' }));
    await eventually(() => answers.length === 1);
    const leave = new AbortController();
    const left = told(send({ ...put(bytesOf(100)), key: 'left', signal: leave.signal }));
    const late = put(bytesOf(100));
    const waited = told(send({ ...late, key: 'waited' }));
    leave.abort(new Error('left'));
    expect(await left).toEqual({ sentNothing: true, code: undefined });
    expect(await waited).toEqual({ sentNothing: true, code: undefined });
    expect(late.body.stream.listenerCount('data')).toBe(0);
    for (const answer of answers) answer();
    expect(await first).toMatchObject({ status: 200 });
    const next = told(send({ key: 'next' }));
    await eventually(() => answers.length === 2);
    answers[1]?.();
    expect(await next).toMatchObject({ status: 200 });
    expect(seen).toEqual(['/media/first', '/media/next']);
    expect(late.body.stream.destroyed).toBe(false);
  });

  test('sends nothing for a caller who has left already', async () => {
    const seen: (string | undefined)[] = [];
    const endpoint = await storeThat((request, response) => {
      seen.push(request.url);
      response.end();
    });
    const send = gatewayTo({ endpoint }, { connections: 1 });
    expect(await told(send({ key: 'first' }))).toMatchObject({ status: 200 });
    const left = send({ method: 'DELETE', key: 'left', signal: AbortSignal.abort(new Error('left')) });
    expect(await told(left)).toEqual({ sentNothing: true, code: undefined });
    expect(await told(send({ key: 'next' }))).toMatchObject({ status: 200 });
    expect(seen).toEqual(['/media/first', '/media/next']);
  });

  test('ends a request whose caller leaves: in the body, after it, and in the answer', async () => {
    let gone = 0;
    const endpoint = await storeThat((request, response) => {
      request.on('error', () => undefined).on('close', () => (request.complete ? undefined : gone++));
      response.on('close', () => (request.complete ? gone++ : undefined));
      request.resume();
      if (request.method === 'GET') response.write('some');
    });
    const send = gatewayTo({ endpoint });
    const leaving = () => AbortSignal.timeout(150);
    const stream = new Readable({ read() {} });
    stream.push('abc');
    const half = { stream, size: 10 };
    expect(await told(send({ method: 'PUT', body: half, signal: leaving() }))).toMatchObject({ sentNothing: true });
    expect(await told(send({ method: 'DELETE', signal: leaving() }))).toMatchObject({ sentNothing: false });
    await expect(told(send({ signal: leaving() }))).rejects.toThrow();
    await eventually(() => gone === 3);
  });

  test('does not believe a store that confirms a body it cannot have', async () => {
    const endpoint = await storeThat((_request, response) => response.end());
    const stream = new Readable({ read() {} });
    stream.push('abc');
    expect(await told(gatewayTo({ endpoint })({ method: 'PUT', body: { stream, size: 10 } }))).toEqual({
      sentNothing: false,
      code: undefined,
    });
  });

  test('never announces a body that ended early as a shorter one', async () => {
    let whole = 0;
    const endpoint = await storeThat((request, response) => {
      request
        .on('error', () => undefined)
        .on('end', () => {
          whole++;
          response.end();
        });
      request.resume();
    });
    for (const came of [Buffer.alloc(0), Buffer.from('ab')]) {
      const body = { stream: streamOf(came), size: 3 };
      expect(await told(gatewayTo({ endpoint })({ method: 'PUT', body }))).toMatchObject({ sentNothing: true });
    }
    expect(whole).toBe(0);
  });

  test('brings back what a store refuses before it has the body, and leaves that to its owner', async () => {
    const endpoint = await storeThat((_request, response) => response.writeHead(403).end('no'));
    const stream = new Readable({ read() {} });
    stream.push('abc');
    const request = { method: 'PUT', body: { stream, size: 10 } };
    expect(await told(gatewayTo({ endpoint })(request))).toEqual({ status: 403, body: 'no' });
    await eventually(() => stream.listenerCount('data') === 0);
    expect(stream.destroyed).toBe(false);
    stream.resume().push('def');
    await once(stream, 'data');
  });

  test('checks an empty body before it sends anything', async () => {
    let reached = 0;
    const endpoint = await storeThat((_request, response) => {
      reached++;
      response.end();
    });
    const nothing = Buffer.alloc(0);
    const send = gatewayTo({ endpoint });
    const md5 = createHash('md5').update('x').digest();
    expect(await told(send(put(nothing, { md5 })))).toEqual({ sentNothing: true, code: 'BadDigest' });
    expect(await told(send(put(nothing, {}, Buffer.from('x'))))).toEqual({ sentNothing: true, code: 'IncompleteBody' });
    const open = { stream: verifiedBody(new Readable({ read() {} }), { size: 0 }), size: 0 };
    expect(await told(send({ method: 'PUT', body: open, signal: AbortSignal.timeout(50) }))).toMatchObject({
      sentNothing: true,
    });
    expect(reached).toBe(0);
  });

  test('leaves the client its connection, so that it hears what was wrong', async () => {
    const refusing = gatewayTo({ endpoint: `http://127.0.0.1:${await freePort()}` });
    const taking = gatewayTo({ endpoint: await storeThat((request) => void request.resume()) });
    const host = await storeThat(async (request, response) => {
      const bad = request.url === '/bad';
      const announced = { size: 1_000_000, ...(bad ? { crc32: 1 } : {}) };
      const stream = verifiedBody(request, announced);
      const answer = await (bad ? taking : refusing)({ method: 'PUT', body: { stream, size: announced.size } });
      const code = answer.kind === 'unknown' && answer.bodyError instanceof S3Error ? answer.bodyError.code : 'none';
      response.writeHead(503).end(code);
    });
    for (const [path, code] of [
      ['/bad', 'BadDigest'],
      ['/refused', 'none'],
    ]) {
      const answer = await fetch(host + path, { method: 'PUT', body: bytesOf(1_000_000) });
      expect([answer.status, await answer.text()]).toEqual([503, code]);
    }
  });
});

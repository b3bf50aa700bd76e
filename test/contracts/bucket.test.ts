import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BucketRead } from '../../src/bucket/bucket.ts';
import { BucketAddress } from '../../src/bucket/bucket-address.ts';
import { BucketSetup } from '../../src/bucket/bucket-setup.ts';
import { ObjectSender } from '../../src/bucket/object-sender.ts';
import type { Upload } from '../../src/bucket/object-store.ts';
import { RequestSigner } from '../../src/bucket/request-signer.ts';
import { S3Reader, type S3ReaderOptions } from '../../src/bucket/s3-reader.ts';
import { S3Store } from '../../src/bucket/s3-store.ts';
import { storeClient } from '../../src/bucket/store-client.ts';
import { eventually } from '../support/eventually.ts';
import { type Decide, type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { freshBucket, s3Client, sharedRgw } from '../support/rgw.ts';
import { pattern } from './source.contract.ts';

const never = new AbortController().signal;
const right = { accessKeyId: 'test', secretAccessKey: 'testtest' };
const wrong = { accessKeyId: 'test', secretAccessKey: 'not this one' };

/** Names that are changed by one wrong decoding or encoding on the way. */
const oddKeys = [
  'sp ace.jpg',
  'plus+plus.jpg',
  '100%.jpg',
  '%41.jpg',
  'ünïcode.jpg',
  'u\u0308.jpg',
  "quote'.jpg",
  'bang!.jpg',
  'star*(paren).jpg',
  'eq=amp&.jpg',
  'q?hash#.jpg',
  'semi;colon:@,$.jpg',
  'tilde~_-..jpg',
  '[brackets]{}|^`"<>\\.jpg',
  '\u{1f600}.png',
];

/** What was told of uploads, by kind; undefined: no trouble. */
const troubles: unknown[] = [];

let cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

describe.skipIf(needs('ceph').skip)('a bucket on a real gateway', () => {
  let bucket: string;
  const bytes = pattern(300_000);
  const key = 'media_attachments/files/1/original/ab12.jpg';

  beforeAll(async () => {
    bucket = await freshBucket();
    await putRaw(key, bytes, { ACL: 'public-read', ContentType: 'image/jpeg' });
    await putRaw('secret.jpg', 'secret', { ACL: 'private' });
    await putRaw('empty.jpg', '', { ACL: 'public-read' });
    await putRaw('moved.jpg', 'moved', {
      ACL: 'public-read',
      CacheControl: 'max-age=5',
      Metadata: {
        mtime: '1614834367.123456',
        md5chksum: Buffer.alloc(16, 7).toString('base64'),
        'upstairs-copy': 'id',
      },
    });
  });

  async function putRaw(name: string, body: Buffer | string, more: object): Promise<void> {
    await sharedRgw().client.send(new PutObjectCommand({ Bucket: bucket, Key: name, Body: body, ...more }));
  }

  function reader(change: Partial<S3ReaderOptions & { endpoint: string; credentials: typeof right }> = {}): S3Reader {
    const { endpoint = sharedRgw().endpoint, credentials = right, ...rest } = change;
    const made = new S3Reader({
      address: new BucketAddress({ endpoint, name: bucket, keyPrefix: '', addressing: 'path' }),
      signer: new RequestSigner({ region: 'us-east-1', credentials }),
      connections: 8,
      connectTimeoutMs: 2000,
      headersTimeoutMs: 5000,
      bodyTimeoutMs: 5000,
      ...rest,
    });
    cleanUps.push(() => made.close());
    return made;
  }

  function store(endpoint = sharedRgw().endpoint, credentials = right): S3Store {
    const location = { endpoint, name: bucket, keyPrefix: '', addressing: 'path' as const };
    const client = storeClient({
      location,
      region: 'us-east-1',
      credentials,
      connectTimeoutMs: 2000,
      socketTimeoutMs: 5000,
    });
    cleanUps.push(() => client.destroy());
    const sender = new ObjectSender({
      address: new BucketAddress(location),
      signer: new RequestSigner({ region: 'us-east-1', credentials }),
      connectTimeoutMs: 2000,
      silenceMs: 5000,
      ended: (trouble) => troubles.push(trouble),
    });
    cleanUps.push(() => sender.close());
    return new S3Store({ client, sender, bucket, keyPrefix: '', acls: true, timeoutMs: 1000 });
  }

  async function proxy(decide: Decide): Promise<FaultProxy> {
    const made = await faultProxy(sharedRgw().endpoint, decide);
    cleanUps.push(() => made.close());
    return made;
  }

  const got = async (answer: BucketRead) => {
    if (answer.kind !== 'found') throw new Error(`expected an object, got ${JSON.stringify(answer)}`);
    return { ...answer, content: await buffer(answer.bytes) };
  };

  describe('read', () => {
    test('gives an object with its bytes and facts', async () => {
      const answer = await got(await reader().get(key, undefined, never));
      expect(answer.content.equals(bytes)).toBe(true);
      expect(answer.range).toBeUndefined();
      expect(answer.meta).toMatchObject({
        size: bytes.length,
        etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
        headers: { 'content-type': 'image/jpeg' },
      });
    });

    test('tells by HEAD what GET would tell', async () => {
      const [get, head] = await Promise.all([
        got(await reader().get('moved.jpg', undefined, never)),
        reader().head('moved.jpg', never),
      ]);
      expect(head).toEqual({ kind: 'found', meta: get.meta });
    });

    test('gives the validators of the source for an object that was moved, and none of the internal headers', async () => {
      const { meta } = await got(await reader().get('moved.jpg', undefined, never));
      expect(meta.mtimeMs).toBe(1_614_834_367_123);
      expect(meta.etag).toBe(`"${'07'.repeat(16)}"`);
      expect(Object.keys(meta.headers).filter((name) => name.startsWith('x-'))).toEqual([]);
      expect(meta.headers).toMatchObject({ 'cache-control': 'max-age=5' });
    });

    test.each([
      [{ first: 0, last: 0 }, 0, 0],
      [{ first: 100, last: 199 }, 100, 199],
      [{ first: 299_990 }, 299_990, 299_999],
      [{ first: 299_990, last: 999_999 }, 299_990, 299_999],
      [{ suffix: 10 }, 299_990, 299_999],
      [{ suffix: 999_999 }, 0, 299_999],
    ])('gives the range %o', async (hint, first, last) => {
      const answer = await got(await reader().get(key, hint, never));
      expect(answer.content.equals(bytes.subarray(first, last + 1))).toBe(true);
      expect(answer.range).toEqual({ first, last });
      expect(answer.meta.size).toBe(bytes.length);
    });

    test.each([
      [key, { first: 300_000 }, 300_000],
      [key, { first: 300_000, last: 300_001 }, 300_000],
      ['empty.jpg', { first: 0 }, 0],
    ])('tells the size of %s when nothing of %o is there', async (name, hint, size) => {
      const answer = await reader().get(name, hint, never);
      expect(answer).toMatchObject({ kind: 'unsatisfiable', meta: { size } });
    });

    test('gives an empty object as an empty object', async () => {
      const answer = await got(await reader().get('empty.jpg', undefined, never));
      expect(answer.content.length).toBe(0);
      expect(answer.meta.size).toBe(0);
    });

    test('tells a missing object from a private one, though both are forbidden to the public', async () => {
      const one = reader();
      expect(await one.get('none.jpg', undefined, never)).toEqual({ kind: 'missing' });
      expect(await one.get('none.jpg', { first: 5 }, never)).toEqual({ kind: 'missing' });
      expect(await one.head('none.jpg', never)).toEqual({ kind: 'missing' });
      expect(await one.get('secret.jpg', undefined, never)).toEqual({ kind: 'private' });
      expect(await one.get('secret.jpg', { suffix: 1 }, never)).toEqual({ kind: 'private' });
      expect(await one.head('secret.jpg', never)).toEqual({ kind: 'private' });
    });

    test('with wrong credentials never calls anything missing', async () => {
      const one = reader({ credentials: wrong });
      const refused = { kind: 'unavailable', trouble: 'refused' };
      expect(await one.get('none.jpg', undefined, never)).toMatchObject(refused);
      expect(await one.head('none.jpg', never)).toMatchObject(refused);
      expect(await one.get('secret.jpg', undefined, never)).toMatchObject(refused);
      await expect(one.readSigned('none.jpg', never)).rejects.toThrow('403');
    });

    test('signed finds what is private, and tells what is missing', async () => {
      expect(await reader().readSigned('secret.jpg', never)).toBe('secret');
      expect(await reader().readSigned('none.jpg', never)).toBeUndefined();
    });

    test.each(oddKeys)('finds %s, anonymous and signed, where the SDK put it', async (name) => {
      await putRaw(`odd/${name}`, name, { ACL: 'public-read' });
      expect(String((await got(await reader().get(`odd/${name}`, undefined, never))).content)).toBe(name);
      expect(await reader().readSigned(`odd/${name}`, never)).toBe(name);
    });

    test('of a store that is down is unavailable', async () => {
      const one = reader({ endpoint: `http://127.0.0.1:${await freePort()}` });
      expect(await one.get(key, undefined, never)).toMatchObject({ kind: 'unavailable', trouble: 'connect' });
      expect(await one.head(key, never)).toMatchObject({ kind: 'unavailable', trouble: 'connect' });
    });

    test.each([
      [500, 'server-error'],
      [502, 'server-error'],
      [503, 'slow-down'],
      [429, 'slow-down'],
      [401, 'refused'],
      [307, 'refused'],
      [304, 'refused'],
    ])('that is answered %d is unavailable: %s', async (status, trouble) => {
      const { endpoint } = await proxy(() => ({ status }));
      expect(await reader({ endpoint }).get(key, undefined, never)).toMatchObject({ kind: 'unavailable', trouble });
      expect(await reader({ endpoint }).head(key, never)).toMatchObject({ kind: 'unavailable', trouble });
    });

    test('that is forbidden and whose second question fails is unavailable, not missing', async () => {
      const { endpoint } = await proxy(({ method }) => (method === 'HEAD' ? { status: 500 } : 'pass'));
      expect(await reader({ endpoint }).get('none.jpg', undefined, never)).toMatchObject({
        kind: 'unavailable',
        trouble: 'server-error',
      });
    });

    test.each([1, 100_000, 299_999])('that is cut after %d bytes breaks, after the bytes that came', async (cut) => {
      const { endpoint } = await proxy(() => ({ abortAfterResponseBytes: cut }));
      const answer = await reader({ endpoint }).get(key, undefined, never);
      if (answer.kind !== 'found') throw new Error(answer.kind);
      const chunks: Buffer[] = [];
      const reading = (async () => {
        for await (const chunk of answer.bytes) chunks.push(chunk as Buffer);
      })();
      await expect(reading).rejects.toThrow();
      const came = Buffer.concat(chunks);
      expect(came.length).toBeLessThanOrEqual(cut);
      expect(came.equals(bytes.subarray(0, came.length))).toBe(true);
    });

    test('that hangs is a time-out within the configured times, also for who waits for a connection', async () => {
      const hanging = await proxy(() => 'hang');
      const one = reader({ endpoint: hanging.endpoint, connections: 1, connectTimeoutMs: 100, headersTimeoutMs: 300 });
      const began = performance.now();
      const answers = await Promise.all([1, 2, 3].map(() => one.get(key, undefined, never)));
      expect(performance.now() - began).toBeLessThan(2500);
      for (const answer of answers) expect(answer).toMatchObject({ kind: 'unavailable', trouble: 'timeout' });
      hanging.decide = () => 'pass';
      hanging.release();
      const healed = await eventually(async () => {
        const answer = await one.get(key, { first: 0, last: 9 }, never);
        return answer.kind === 'found' && answer;
      });
      expect(healed && (await got(healed)).content.length).toBe(10);
    });

    test('that falls silent in the middle breaks after the configured silence', async () => {
      const server = await mute('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this');
      const one = reader({ endpoint: server, bodyTimeoutMs: 200 });
      const answer = await one.get(key, undefined, never);
      if (answer.kind !== 'found') throw new Error(answer.kind);
      await expect(buffer(answer.bytes)).rejects.toThrow();
    });

    test.each([
      ['no length at all', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
      ['a part without its place', 'HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\nabc'],
      ['a part of unknown length', 'HTTP/1.1 206 OK\r\nContent-Range: bytes 0-2/*\r\nContent-Length: 3\r\n\r\nabc'],
      ['no HTTP', 'hello\r\n\r\n'],
    ])('that is answered with %s is unavailable', async (_what, answer) => {
      const endpoint = await mute(answer);
      expect(await reader({ endpoint }).get(key, { first: 0, last: 2 }, never)).toMatchObject({
        kind: 'unavailable',
        trouble: 'protocol',
      });
    });

    test('whose reader left throws his own abort, and gives the connection back', async () => {
      const hanging = await proxy(() => 'hang');
      const one = reader({ endpoint: hanging.endpoint, connections: 1 });
      const left = new AbortController();
      const leaving = one.get(key, undefined, left.signal);
      await eventually(() => hanging.seen.length > 0);
      left.abort(new Error('left'));
      await expect(leaving).rejects.toThrow('left');
      await expect(one.get(key, undefined, left.signal)).rejects.toThrow('left');
      hanging.decide = () => 'pass';
      expect((await got(await one.get(key, { first: 0, last: 9 }, never))).content.length).toBe(10);
      hanging.release();
    });

    test('whose reader leaves in the middle of the bytes gives the connection back', async () => {
      const one = reader({ connections: 1 });
      for (let n = 0; n < 5; n++) {
        const answer = await one.get(key, undefined, never);
        if (answer.kind !== 'found') throw new Error(answer.kind);
        for await (const _chunk of answer.bytes) break;
        answer.bytes.destroy();
      }
      expect((await got(await one.get(key, undefined, never))).content.length).toBe(bytes.length);
    });
  });

  describe('read with signatures', () => {
    test('gives also what is private to the public, in whole, in part, and its facts', async () => {
      const one = reader({ signed: true });
      expect(String((await got(await one.get('secret.jpg', undefined, never))).content)).toBe('secret');
      const part = await got(await one.get(key, { first: 100, last: 199 }, never));
      expect([part.content.equals(bytes.subarray(100, 200)), part.range]).toEqual([true, { first: 100, last: 199 }]);
      expect(await one.head('secret.jpg', never)).toMatchObject({ kind: 'found', meta: { size: 6 } });
      expect(await one.get(key, { first: 300_000 }, never)).toMatchObject({
        kind: 'unsatisfiable',
        meta: { size: bytes.length },
      });
    });

    test('tells a missing object by one request', async () => {
      const { endpoint, seen } = await proxy(() => 'pass');
      const one = reader({ endpoint, signed: true });
      expect(await one.get('none.jpg', undefined, never)).toEqual({ kind: 'missing' });
      expect(await one.head('none.jpg', never)).toEqual({ kind: 'missing' });
      expect(seen.map(({ method }) => method)).toEqual(['GET', 'HEAD']);
    });

    test.each(oddKeys)('finds %s', async (name) => {
      await putRaw(`signed/${name}`, name, {});
      expect(String((await got(await reader({ signed: true }).get(`signed/${name}`, undefined, never))).content)).toBe(
        name,
      );
    });

    test('that are refused are unavailable, never private and never missing', async () => {
      const one = reader({ signed: true, credentials: wrong });
      const refused = { kind: 'unavailable', trouble: 'refused' };
      for (const name of [key, 'secret.jpg', 'none.jpg']) {
        expect(await one.get(name, undefined, never)).toMatchObject(refused);
        expect(await one.head(name, never)).toMatchObject(refused);
      }
    });
  });

  describe('examined at the start', () => {
    const acled: Decide = ({ query, headers }) =>
      query.has('acl') || headers['x-amz-acl'] !== undefined
        ? { status: 400, body: '<Error><Code>AccessControlListNotSupported</Code></Error>' }
        : 'pass';

    /** What the bucket at this endpoint is found to do with ACLs. */
    async function honoursAcls(endpoint: string): Promise<boolean> {
      const client = s3Client({ endpoint });
      cleanUps.push(() => client.destroy());
      const one = reader({ endpoint });
      return await new BucketSetup(client, bucket, '').honoursAcls((name) => one.publicStatus(name, never));
    }

    test('is found to honour ACLs, and keeps no public object from that', async () => {
      expect(await honoursAcls(sharedRgw().endpoint)).toBe(true);
      expect(await reader().publicStatus('_upstairs/probe', never)).toBe(403);
    });

    test.each<[string, Decide]>([
      ['refuses them', acled],
      ['refuses public ones', ({ headers }) => (headers['x-amz-acl'] === 'public-read' ? { status: 403 } : 'pass')],
      ['does not know them', ({ headers }) => (headers['x-amz-acl'] === undefined ? 'pass' : { status: 501 })],
      ['shows nothing to strangers', ({ headers }) => (headers.authorization ? 'pass' : { status: 403 })],
      ['shows everything to everybody', ({ headers }) => (headers.authorization ? 'pass' : { status: 200 })],
    ])('is found not to honour ACLs where it %s', async (_what, decide) => {
      expect(await honoursAcls((await proxy(decide)).endpoint)).toBe(false);
    });

    test.each<[string, Decide]>([
      ['is overloaded', ({ method }) => (method === 'PUT' ? { status: 503 } : 'pass')],
      ['waits too long for an upload', () => ({ status: 400, body: '<Error><Code>RequestTimeout</Code></Error>' })],
      ['throttles strangers', ({ headers }) => (headers.authorization ? 'pass' : { status: 429 })],
      ['fails for strangers', ({ headers }) => (headers.authorization ? 'pass' : { status: 500 })],
      ['breaks off', () => 'refuse'],
    ])('is found nothing about where it %s', async (_what, decide) => {
      await expect(honoursAcls((await proxy(decide)).endpoint)).rejects.toThrow();
    });
  });

  describe('written', () => {
    let n = 0;
    const upload = (content: Buffer, change: Partial<Upload> = {}): Upload => ({
      key: `copies/${++n}.jpg`,
      id: `attempt-${n}`,
      size: content.length,
      md5: createHash('md5').update(content).digest(),
      acl: 'public',
      contentType: 'image/jpeg',
      cacheControl: 'public, max-age=60',
      mtime: '1614834367.123456',
      onlyIfAbsent: true,
      bytes: async () => content,
      ...change,
    });
    const small = Buffer.from('picture');

    test.each(['public', 'private'] as const)('stores a %s copy that a look recognises', async (acl) => {
      const one = upload(small, { acl });
      const md5 = one.md5.toString('hex');
      expect(await store().put(one, never)).toEqual({ kind: 'stored' });
      expect(await store().look(one.key)).toEqual({
        kind: 'object',
        facts: { copyId: one.id, etag: md5, md5, size: small.length, acl },
      });
      expect((await reader().get(one.key, undefined, never)).kind).toBe(acl === 'public' ? 'found' : 'private');
    });

    test('stores a copy that readers get with the headers and times of the source', async () => {
      const one = upload(small);
      await store().put(one, never);
      const { content, meta } = await got(await reader().get(one.key, undefined, never));
      expect(content.equals(small)).toBe(true);
      expect(meta).toMatchObject({
        mtimeMs: 1_614_834_367_123,
        etag: `"${one.md5.toString('hex')}"`,
        headers: { 'content-type': 'image/jpeg', 'cache-control': 'public, max-age=60' },
      });
    });

    test.each([0, 1, 5_000_000])('stores %d bytes from a stream', async (size) => {
      const content = pattern(size);
      const one = upload(content, { bytes: async () => Readable.from([content]) });
      expect(await store().put(one, never)).toEqual({ kind: 'stored' });
      expect((await got(await reader().get(one.key, undefined, never))).content.equals(content)).toBe(true);
    });

    test.each(oddKeys)('stores %s under exactly that name', async (name) => {
      const one = upload(small, { key: `stored/${name}` });
      expect(await store().put(one, never)).toEqual({ kind: 'stored' });
      expect((await store().look(one.key)).kind).toBe('object');
      expect((await got(await reader().get(one.key, undefined, never))).content.equals(small)).toBe(true);
    });

    test('leaves what is there, and says so', async () => {
      const first = upload(small);
      await store().put(first, never);
      const second = upload(Buffer.from('another'), { key: first.key });
      troubles.length = 0;
      expect(await store().put(second, never)).toEqual({ kind: 'exists' });
      expect(troubles).toEqual([undefined]);
      expect(await store().look(first.key)).toMatchObject({ facts: { copyId: first.id } });
    });

    test('is refused when the bytes are not those of the MD5, and stores nothing', async () => {
      const one = upload(small, { md5: Buffer.alloc(16) });
      expect(await store().put(one, never)).toMatchObject({ kind: 'refused', status: 400 });
      expect(await store().look(one.key)).toEqual({ kind: 'missing' });
    });

    test.each([
      ['ends too early', undefined],
      ['breaks', new Error('EIO')],
    ])('stores nothing, and harms nobody, when the stream %s', { timeout: 5000 }, async (_how, broken) => {
      const content = pattern(500_000);
      const stream = Readable.from(
        (async function* () {
          yield content.subarray(0, 100_000);
          if (broken) throw broken;
        })(),
      );
      const one = upload(content, { bytes: async () => stream });
      const began = performance.now();
      troubles.length = 0;
      expect((await store().put(one, AbortSignal.timeout(1500))).kind).not.toBe('stored');
      expect(troubles).toEqual([]);
      expect(await store().look(one.key)).toEqual({ kind: 'missing' });
      if (broken) expect(performance.now() - began).toBeLessThan(1000); // not only when the upload's time is over
    });

    test('with wrong credentials is refused, and a look is not an absence', async () => {
      const one = upload(small);
      const denied = store(undefined, wrong);
      expect(await denied.put(one, never)).toMatchObject({ kind: 'refused', status: 403 });
      expect(await denied.look(one.key)).toMatchObject({ kind: 'unavailable', trouble: 'refused' });
      expect(await denied.delete(one.key)).toBe('refused');
      expect(await denied.setAcl(one.key, 'private')).toBe('refused');
    });

    test('whose answer is lost is of unknown outcome, though it is there', async () => {
      const { endpoint } = await proxy(() => 'swallow-answer');
      const one = upload(small);
      expect(await store(endpoint).put(one, never)).toMatchObject({ kind: 'unknown', slowDown: false });
      expect(await store().look(one.key)).toMatchObject({ facts: { copyId: one.id } });
    });

    test.each([
      ['the connection is refused', 'refuse', false, 'connect'],
      ['the store answers 500', { status: 500 }, false, 'server-error'],
      ['the store answers 503', { status: 503 }, true, 'slow-down'],
      ['the store answers 429', { status: 429 }, true, 'slow-down'],
      ['the store answers 408', { status: 408 }, false, 'refused'],
      ['it is cut in the middle', { abortAfterRequestBytes: 3 }, false, 'connect'],
    ] as const)('is of unknown outcome when %s, and sent once', async (_when, decision, slowDown, trouble) => {
      troubles.length = 0;
      const through = await proxy(() => decision);
      expect(await store(through.endpoint).put(upload(small), never)).toMatchObject({ kind: 'unknown', slowDown });
      expect(through.seen.length).toBe(1);
      expect(troubles).toEqual([trouble]);
    });

    test('that is cancelled is of unknown outcome', async () => {
      const hanging = await proxy(() => 'hang');
      const abort = new AbortController();
      const putting = store(hanging.endpoint).put(upload(small), abort.signal);
      await eventually(() => hanging.seen.length > 0);
      abort.abort();
      expect((await putting).kind).toBe('unknown');
      hanging.release();
    });

    test('and looked at while the store hangs is unavailable in time', async () => {
      const hanging = await proxy(() => 'hang');
      const began = performance.now();
      expect((await store(hanging.endpoint).look('any')).kind).toBe('unavailable');
      expect(performance.now() - began).toBeLessThan(3000);
      hanging.release();
    });

    test('is made private and public again, and deleted', async () => {
      const one = upload(small);
      await store().put(one, never);
      expect(await store().setAcl(one.key, 'private')).toBe('done');
      expect(await reader().get(one.key, undefined, never)).toEqual({ kind: 'private' });
      expect(await store().look(one.key)).toMatchObject({ facts: { acl: 'private' } });
      expect(await store().setAcl(one.key, 'public')).toBe('done');
      expect((await reader().head(one.key, never)).kind).toBe('found');
      expect(await store().delete(one.key)).toBe('done');
      expect(await reader().get(one.key, undefined, never)).toEqual({ kind: 'missing' });
    });

    test('mends nothing that is not there', async () => {
      expect(await store().setAcl('none.jpg', 'private')).toBe('missing');
      expect(['done', 'missing']).toContain(await store().delete('none.jpg'));
    });

    test.each<[string, Decide, boolean]>([
      ['something is there', () => 'pass', true],
      ['the store is slow', () => ({ status: 503 }), false],
      ['the connection breaks', () => 'refuse', false],
    ])('lets go of the stream when %s', async (_when, decide, occupied) => {
      const content = pattern(6_000_000);
      const stream = Readable.from(
        (function* () {
          for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
        })(),
      );
      const one = upload(content, { bytes: async () => stream });
      if (occupied) await store().put(upload(small, { key: one.key }), never);
      const through = await proxy(decide);
      expect((await store(through.endpoint).put(one, never)).kind).not.toBe('stored');
      await eventually(() => stream.destroyed, { withinMs: 1000 });
    });
  });
});

/** A server that gives every connection this answer, and no more. */
async function mute(answer: string): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer));
    cleanUps.push(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.unshift(() => server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

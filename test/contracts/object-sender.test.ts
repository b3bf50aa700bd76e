import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';
import { BucketAddress } from '../../src/bucket/bucket-address.ts';
import { ObjectSender } from '../../src/bucket/object-sender.ts';
import { RequestSigner } from '../../src/bucket/request-signer.ts';
import { S3PartStore } from '../../src/bucket/s3-part-store.ts';
import { S3Store } from '../../src/bucket/s3-store.ts';

const never = new AbortController().signal;
const silenceMs = 500;
let cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

/** A store of which each connection is answered by hand. */
async function storeThat(answers: (socket: Socket) => void) {
  return (await storesThat(answers)).store;
}

async function storesThat(answers: (socket: Socket) => void) {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    answers(socket);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  const endpoint = `http://127.0.0.1:${port}`;
  const address = new BucketAddress({
    ...{ endpoint, name: 'media', keyPrefix: '', addressing: 'path' },
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'testtest' };
  const signer = new RequestSigner({ region: 'us-east-1', credentials });
  const sender = new ObjectSender({ address, signer, connectTimeoutMs: 1000, silenceMs, ended: () => undefined });
  const client = new S3Client({ endpoint, forcePathStyle: true, maxAttempts: 1, region: 'us-east-1', credentials });
  cleanUps.push(
    () => server.close(),
    () => sender.close(),
    () => client.destroy(),
  );
  const options = { client, bucket: 'media', keyPrefix: '', acls: true, timeoutMs: 1000 };
  return { store: new S3Store({ ...options, sender }), parts: new S3PartStore(options) };
}

function upload(content: Buffer) {
  return {
    ...({ key: 'a.jpg', id: 'one', size: content.length, acl: 'public', contentType: 'image/jpeg' } as const),
    ...{ cacheControl: 'public', mtime: '1', onlyIfAbsent: true, bytes: async () => content },
    md5: createHash('md5').update(content).digest(),
  };
}

const small = upload(Buffer.from('picture'));
/** More than any socket takes in advance. */
const large = upload(Buffer.alloc(16_000_000));

/** Answers once something came. */
const at = (answer: string, then: (socket: Socket) => void) => (socket: Socket) =>
  socket.once('data', () => {
    socket.write(answer);
    then(socket);
  });

test('bytes that flow may take longer than the store may be silent', async () => {
  const store = await storeThat((socket) => {
    let came = 0;
    socket.on('data', (chunk) => {
      came += chunk.length;
      socket.pause();
      // 8 MB a second.
      setTimeout(() => socket.resume(), chunk.length / 8000);
      if (came > large.size) socket.write(`HTTP/1.1 200 OK\r\nETag: "an-etag"\r\nContent-Length: 0\r\n\r\n`);
    });
  });
  const began = performance.now();
  expect(await store.put(large, never)).toEqual({ kind: 'stored' });
  expect(performance.now() - began).toBeGreaterThan(2 * silenceMs);
});

test.each([
  ['412 Precondition Failed', { kind: 'exists' }],
  ['403 Forbidden', { kind: 'refused', status: 403, code: '403' }],
  ['503 Slow Down', { kind: 'unknown', reason: '503', slowDown: true }],
])('what %s says is certain, also where its body breaks off', async (status, answer) => {
  const store = await storeThat(
    at(`HTTP/1.1 ${status}\r\nContent-Length: 100\r\n\r\n<Err`, (socket) => socket.destroySoon()),
  );
  expect(await store.put(small, never)).toEqual(answer);
});

test('what a refusal says is certain, also where its body does not come', { timeout: 20_000 }, async () => {
  const store = await storeThat(
    at('HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n<Code>AccessDenied</Code>', () => undefined),
  );
  expect(await store.put(small, never)).toEqual({ kind: 'refused', status: 403, code: 'AccessDenied' });
});

test('every success of a store is one', async () => {
  const store = await storeThat(at('HTTP/1.1 204 No Content\r\nETag: "an-etag"\r\n\r\n', () => undefined));
  expect(await store.put(small, never)).toEqual({ kind: 'stored' });
});

test('a page of somebody in between confirms nothing', async () => {
  const page = '<html><body>We are back soon</body></html>';
  const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n${page}`;
  const told = { kind: 'unknown', reason: 'the store confirmed no ETag', slowDown: false };
  const { store, parts } = await storesThat(at(answer, () => undefined));
  expect(await store.put(small, never)).toEqual(told);
  expect(await parts.complete('a.mp4', 'upload', ['"part"'], true, never)).toEqual(told);
});

test('a success that comes before the bytes did is none', async () => {
  const store = await storeThat(
    at('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', (socket) => {
      socket.pause();
    }),
  );
  expect(await store.put(large, never)).toEqual({ kind: 'unknown', reason: 'ANSWERED_TOO_EARLY', slowDown: false });
});

test('an upload whose time is over, or that is cancelled, says so', async () => {
  const store = await storeThat(() => undefined);
  expect(await store.put(small, AbortSignal.timeout(50))).toMatchObject({ kind: 'unknown', reason: 'TimeoutError' });
  const cancelled = new AbortController();
  const put = store.put(small, cancelled.signal);
  await sleep(20);
  cancelled.abort();
  expect(await put).toMatchObject({ kind: 'unknown', reason: 'AbortError' });
});

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { storeClient } from '../../../src/bucket/store-client.ts';
import { watchClient } from '../../../src/bucket/watched-client.ts';

async function watched(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  const client = storeClient({
    location: { endpoint: `http://127.0.0.1:${port}`, name: 'media', keyPrefix: '', addressing: 'path' },
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'testtest' },
    connectTimeoutMs: 1000,
    socketTimeoutMs: 5000,
  });
  const ended = vi.fn();
  watchClient(client, ended);
  const close = () => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return { client, ended, close };
}

const head = () => new HeadObjectCommand({ Bucket: 'media', Key: 'a' });

test.each([
  [200, undefined],
  [404, undefined],
  [412, undefined],
  [403, 'refused'],
  [500, 'server-error'],
  [503, 'slow-down'],
  [429, 'slow-down'],
])('an answer of %d is told once, as %s, and goes on to who asked', async (status, trouble) => {
  const { client, ended } = await watched((_, response) => response.writeHead(status).end());
  const answer = client.send(head());
  await (status === 200 ? expect(answer).resolves.toBeDefined() : expect(answer).rejects.toThrow());
  expect(ended.mock.calls).toEqual([[trouble]]);
});

test('a store that is not there is told as a connection that failed', async () => {
  const { client, ended, close } = await watched(() => undefined);
  close();
  await expect(client.send(head())).rejects.toThrow();
  expect(ended.mock.calls).toEqual([['connect']]);
});

test('a store that lets a deadline pass is told; that somebody else gave up is not the store’s', async () => {
  const { client, ended } = await watched(() => undefined);
  await expect(client.send(head(), { abortSignal: AbortSignal.timeout(50) })).rejects.toThrow();
  await vi.waitFor(() => expect(ended.mock.calls).toEqual([['timeout']]));
  const stop = new AbortController();
  const put = client.send(new PutObjectCommand({ Bucket: 'media', Key: 'a', Body: 'x' }), { abortSignal: stop.signal });
  setTimeout(() => stop.abort(), 50);
  await expect(put).rejects.toThrow();
  await sleep(50);
  expect(ended).toHaveBeenCalledTimes(1);
});

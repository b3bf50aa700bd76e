import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { baseConfig } from '../support/base-config.ts';
import { discardingStore } from '../support/discarding-store.ts';
import { digestOf, pieceBytes, uploadLarge } from '../support/large-upload.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg } from '../support/media-files.ts';
import { PeakMemory } from '../support/peak-memory.ts';
import { startRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { startUpstairs } from '../support/upstairs.ts';
import { clientBucket, clientKeys, clientRegion } from '../support/write-world.ts';

const mostBytes = 100_000_000;

describe('an upload costs the program less than 100 MB of memory', () => {
  test('when it is one of 2 GB', { timeout: 90_000 }, async () => {
    const store = await discardingStore();
    onTestFinished(() => store[Symbol.asyncDispose]());
    const { more, bytes } = await uploadBefore(store.endpoint, 'media', { pieces: 2048, hashed: false });
    expect(await store.received('/media/large.bin')).toBe(bytes);
    expect(more).toBeLessThan(mostBytes);
  });

  test.skipIf(needs('ceph').skip)('when it is one of 500 MB to a real store', { timeout: 90_000 }, async () => {
    // Its own, and gone with the test: it keeps in memory what it is given.
    const rgw = await startRgw();
    onTestFinished(() => rgw.stop());
    const bucket = await rgw.freshBucket();
    const { more, bytes, pieces } = await uploadBefore(rgw.endpoint, bucket, { pieces: 500, hashed: true });
    const stored = await rgw.client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'large.bin' }));
    expect([stored.ContentLength, stored.ETag]).toEqual([bytes, `"${digestOf('md5', pieces).digest('hex')}"`]);
    expect(more).toBeLessThan(mostBytes);
  });
});

/** Uploads `large.bin` through the program, once it has warmed up, and tells how many bytes of memory that took. */
async function uploadBefore(endpoint: string, bucket: string, { pieces, hashed }: { pieces: number; hashed: boolean }) {
  const root = scratch('root');
  await basement(root, { 'a/b.jpg': jpeg(1) });
  const { mastodon } = clientKeys;
  const write = {
    listen: '127.0.0.1:0',
    hosts: ['127.0.0.1'],
    bucket: clientBucket,
    region: clientRegion,
    trustProxy: ['127.0.0.1'],
    keys: [{ name: 'mastodon', ...mastodon }],
  };
  const upstairs = await startUpstairs({ config: baseConfig({ endpoint, bucket, root, write }) });
  onTestFinished(() => upstairs.dispose());
  const port = Number(new URL(upstairs.writeUrl ?? '').port);
  const warmUp = await uploadLarge({ port, key: 'small.bin', pieces: 20, by: mastodon, hashed });
  expect(warmUp).toEqual({ status: 200, text: '' });

  const memory = new PeakMemory(upstairs.pid);
  const beganMs = performance.now();
  const answer = await uploadLarge({ port, key: 'large.bin', pieces, by: mastodon, hashed });
  expect(answer).toEqual({ status: 200, text: '' });
  const { more } = memory;
  const seconds = (performance.now() - beganMs) / 1000;
  console.log(`${pieces} MiB took ${Math.round(more / 1e6)} MB more memory, in ${seconds.toFixed(1)} s`);
  return { more, bytes: pieces * pieceBytes, pieces };
}

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Decide, faultProxy } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, mastodonKey } from '../support/media-files.ts';
import { objectFacts, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';

const count = 300;
const files = Object.fromEntries(
  Array.from({ length: count }, (_, n) => [mastodonKey(n, 'jpg'), jpeg(n, { bytes: 3000 + 97 * n })]),
);
const keys = Object.keys(files);

async function setUp(decide: (bucket: string) => Decide) {
  const rgw = sharedRgw();
  const bucket = await rgw.freshBucket();
  const root = scratch('root');
  await basement(root, files);
  const proxy = await faultProxy(rgw.endpoint, decide(bucket));
  onTestFinished(() => proxy.close());
  const config = baseConfig({
    endpoint: proxy.endpoint,
    bucket,
    root,
    copy: { looks: ['500ms', '1s', '2s'], retry: { first: '100ms', most: '1s' } },
  });
  return { rgw, bucket, proxy, start: () => startUpstairs({ config }) };
}

/** Asks for every key, some at a time; a program that is killed meanwhile is no error. */
async function readAll(upstairs: Upstairs): Promise<void> {
  const waiting = [...keys];
  const viewer = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift())
      await upstairs.get(`/${key}`).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: 8 }, viewer));
}

async function expectAllCopied(upstairs: Upstairs, bucket: string): Promise<void> {
  const { client } = sharedRgw();
  await eventually(
    async () => {
      expect(await upstairs.metric('upstairs_ledger_keys', { status: 'copied' })).toBe(count);
      expect(await upstairs.metric('upstairs_copy_attempts_open')).toBe(0);
    },
    { withinMs: 25_000, everyMs: 200 },
  );
  for (const [key, bytes] of Object.entries(files))
    expect([key, (await objectFacts(client, bucket, key))?.md5]).toEqual([
      key,
      createHash('md5').update(bytes).digest('hex'),
    ]);
  const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'media_attachments/' }));
  expect(KeyCount).toBe(count);
}

const isCopy = (method: string, path: string) => method === 'PUT' && path.endsWith('.jpg');

describe.skipIf(needs('ceph').skip)('three hundred copies', { timeout: 120_000 }, () => {
  test('killed with SIGKILL at ten points and started again: all end copied, none is corrupt', async () => {
    const { bucket, start } = await setUp(
      () =>
        ({ method, path }) =>
          isCopy(method, path) ? { delayMs: 40 } : 'pass',
    );
    let begun = 0;
    for (let point = 0; point < 10; point++) {
      const upstairs = await start();
      onTestFinished(() => upstairs.dispose());
      const reading = readAll(upstairs);
      await sleep(60 + point * 45);
      begun = await upstairs.metric('upstairs_copies_active');
      const { signal } = await upstairs.kill('SIGKILL');
      expect(signal).toBe('SIGKILL');
      await reading;
    }
    const upstairs = await start();
    onTestFinished(() => upstairs.dispose());
    console.log(
      `copies under way at the last kill: ${begun}; open attempts found: ${await upstairs.metric('upstairs_copy_attempts_open')}`,
    );
    await readAll(upstairs);
    await expectAllCopied(upstairs, bucket);
  });

  test('where the answers of uploads that the store has done are lost: all end copied, each sent once', async () => {
    const lost = new Set<string>();
    const { bucket, proxy, start } = await setUp(() => ({ method, path }) => {
      if (!isCopy(method, path) || Number(path.charCodeAt(path.length - 5)) % 3 !== 0 || lost.has(path)) return 'pass';
      lost.add(path);
      return 'swallow-answer';
    });
    const upstairs = await start();
    onTestFinished(() => upstairs.dispose());
    await readAll(upstairs);
    await expectAllCopied(upstairs, bucket);
    expect(lost.size).toBeGreaterThan(50);
    const sent = proxy.seen.filter(({ method, path }) => isCopy(method, path));
    expect(sent.length).toBe(count);
  });
});

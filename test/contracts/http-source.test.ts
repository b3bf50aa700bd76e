import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpSource, type HttpSourceOptions } from '../../src/sources/http-source.ts';
import { needs } from '../support/left-out.ts';
import { longAgo, writeMedia } from '../support/media-files.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { doorTo } from '../support/remote-door.ts';
import { scratch } from '../support/scratch.ts';
import { never, objectOf, pattern, sourceContract } from './source.contract.ts';

interface Served {
  readonly root: string;
  readonly nginx: Nginx;
}

async function serveDirectory(): Promise<Served> {
  const root = scratch('served');
  chmodSync(root, 0o755);
  const nginx = await startNginx(
    (port) => `server { listen 127.0.0.1:${port}; location /system/ { alias ${root}/; } }`,
  );
  return { root, nginx };
}

function sourceAt(url: string, change: Partial<HttpSourceOptions> = {}) {
  const door = doorTo(url);
  const headersOf = () => ({ 'content-type': 'image/jpeg' });
  const options = { name: 'basement', door, basePath: '/system/', headers: {}, canary: undefined, headersOf };
  return { door, source: new HttpSource({ ...options, ...change }) };
}

const without = needs('nginx').skip;

if (!without)
  sourceContract('a directory behind nginx', async () => {
    const { root, nginx } = await serveDirectory();
    const { door, source } = sourceAt(nginx.url);
    let changes = 0;
    return {
      source,
      // A second more each time: nginx's validators tell no less.
      put: async (key, bytes) => void (await writeMedia(root, key, bytes, { mtime: longAgo + changes++ })),
      held: () => door.load.outstanding,
      [Symbol.asyncDispose]: async () => {
        await door.close();
        await nginx.stop();
      },
    };
  });

describe.skipIf(without)('a file behind nginx', () => {
  let served: Served;
  let at: ReturnType<typeof sourceAt>;
  const requests = () => served.nginx.accessLog().trim().split('\n');
  const since = (before: number) =>
    requests()
      .slice(before)
      .map((line) => line.split('"')[1]?.replace(/ HTTP.*/, ''));

  beforeAll(async () => {
    served = await serveDirectory();
    at = sourceAt(served.nginx.url, { canary: 'canary.txt' });
    await writeMedia(served.root, 'canary.txt', 'x');
  });
  afterAll(async () => {
    await at.door.close();
    await served.nginx.stop();
  });
  const open = async (key: string, wanted?: 'facts' | 'bytes') => objectOf(await at.source.open(key, never, wanted));

  test('keeps its date, in whole seconds', async () => {
    await writeMedia(served.root, 'old.jpg', 'x');
    const object = await open('old.jpg');
    expect([object.mtime, object.meta.mtimeMs]).toEqual(['1614834367', 1_614_834_367_000]);
    expect(object.meta.headers).toEqual({ 'content-type': 'image/jpeg' });
    expect(object.meta.etag).toBeUndefined();
    object.close();
  });

  test('is read with the very request that found it', async () => {
    await writeMedia(served.root, 'once.jpg', pattern(3_000_000));
    const before = requests().length;
    const object = await open('once.jpg');
    expect(pattern(3_000_000).equals(await buffer(object.read()))).toBe(true);
    object.close();
    await expect.poll(() => since(before)).toEqual(['GET /system/once.jpg']);
  });

  test('sends no byte to who wants its facts alone', async () => {
    await writeMedia(served.root, 'facts.jpg', pattern(1000));
    const before = requests().length;
    const object = await open('facts.jpg', 'facts');
    expect(object.meta.size).toBe(1000);
    await expect.poll(() => since(before)).toEqual(['HEAD /system/facts.jpg']);
    expect(pattern(1000).equals(await buffer(object.read()))).toBe(true);
    object.close();
  });

  test('that was replaced breaks the ranges of the one that was opened', async () => {
    await writeMedia(served.root, 'replaced.jpg', pattern(5000));
    const object = await open('replaced.jpg');
    await writeMedia(served.root, 'replaced.jpg', pattern(5000), { mtime: longAgo + 9 });
    for (const range of [
      { first: 1, last: 9 },
      { first: 0, last: 9 },
    ])
      await expect(buffer(object.read(range))).rejects.toMatchObject({ name: 'SourceReadError', code: 'CHANGED' });
    object.close();
  });

  test('that was deleted while it was read is noticed', async () => {
    await writeMedia(served.root, 'deleted.jpg', pattern(5000));
    const object = await open('deleted.jpg');
    rmSync(join(served.root, 'deleted.jpg'));
    expect(await object.unchanged()).toBe(false);
    object.close();
  });

  test('that only its owner may read is private', async () => {
    await writeMedia(served.root, 'suspended.jpg', 'x', { mode: 0o600 });
    // Where nginx runs as somebody else, its workers cannot read it.
    expect(await at.source.open('suspended.jpg', never)).toEqual({ kind: 'private' });
  });

  test.each(["sp ace+%41'(é).jpg", 'a%2Fb.jpg', 'a?b#c.jpg', '\u{1f600};x=1.png', 'back\\slash'])(
    'with the name %j is found under exactly that',
    async (key) => {
      await writeMedia(served.root, key, key);
      const object = await open(key);
      expect(String(await buffer(object.read()))).toBe(key);
      object.close();
    },
  );

  test.each(['./once.jpg', 'x/../once.jpg', '/once.jpg', 'x//once.jpg', 'once.jpg/', '\ud800', 'once.jpg\0'])(
    'has no second name: %j leads to nothing',
    async (key) => {
      const before = requests().length;
      expect(await at.source.open(key, never)).toEqual({ kind: 'missing' });
      expect(since(before)).toEqual([]);
    },
  );

  test('that is not there is missing only while the canary is there, and so it is with what is private', async () => {
    rmSync(join(served.root, 'canary.txt'));
    const away = { kind: 'unavailable', trouble: 'not-mounted' };
    expect(await at.source.open('none.jpg', never)).toMatchObject(away);
    expect(await at.source.open('suspended.jpg', never)).toMatchObject(away);
    await writeMedia(served.root, 'canary.txt', 'x');
    expect(await at.source.open('none.jpg', never)).toEqual({ kind: 'missing' });
  });
});

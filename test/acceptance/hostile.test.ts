import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClosedError, RawConnection } from '../integration/support/raw-connection.ts';
import { merge } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { hostileTargets, requestBytes } from '../support/hostile-targets.ts';
import { type HostileTree, makeHostileTree, publicContent, secretMarker } from '../support/hostile-tree.ts';
import { needs } from '../support/left-out.ts';
import { sendRaw } from '../support/raw-http.ts';
import { s3Client, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';

/** All that may ever be in the bucket: what was asked for and is a file of its own, and the program's own objects. */
const mayBeCopied = ['_upstairs/identity', '_upstairs/probe', 'dir/inside.jpg', 'real.jpg'];

interface Store {
  endpoint: string;
  bucket: string;
  stop(): Promise<unknown>;
}

const stores = [
  {
    name: 'a double of S3',
    skip: false,
    acls: false,
    requests: 10_000,
    async bucket(): Promise<Store> {
      const server = await startFauxqs({ port: 0, logger: false });
      server.createBucket('media');
      return { endpoint: server.address, bucket: 'media', stop: () => server.stop() };
    },
  },
  {
    name: 'a real Ceph gateway',
    skip: needs('ceph').skip,
    acls: true,
    requests: 2000,
    async bucket(): Promise<Store> {
      const rgw = sharedRgw();
      return { endpoint: rgw.endpoint, bucket: await rgw.freshBucket(), stop: async () => {} };
    },
  },
];

for (const { name, skip, acls, requests, bucket: makeBucket } of stores) {
  describe.skipIf(skip)(`a stranger, with ${name} as the bucket,`, () => {
    let upstairs: Upstairs;
    let tree: HostileTree;
    let store: Store;
    let port: number;
    let before: string[];
    const outside = scratch('outside');
    const root = join(outside, 'root');

    beforeAll(async () => {
      mkdirSync(root);
      tree = await makeHostileTree(root, outside);
      before = await snapshot(outside);
      store = await makeBucket();
      upstairs = await startUpstairs({
        config: merge(baseConfig({ endpoint: store.endpoint, bucket: store.bucket, root }), {
          bucket: { acls },
          copy: { minAge: '0ms' },
        }),
      });
      port = Number(new URL(upstairs.readUrl).port);
    });
    afterAll(async () => {
      await upstairs?.dispose();
      await tree?.cleanup();
      await store?.stop();
    });

    test.each(hostileTargets)('is refused: $name', async (hostile) => {
      const { status, raw } = await sendRaw(port, requestBytes(hostile));
      expect(raw.includes(secretMarker)).toBe(false);
      if (status !== undefined || !hostile.mayClose) expect([hostile.expect].flat()).toContain(status);
    });

    test.each([
      ['it has a control character', 'GET /\x01 HTTP/1.1\r\nHost: files.test\r\nConnection: close\r\n\r\n'],
      ['it has no host', 'GET /real.jpg HTTP/1.1\r\nConnection: close\r\n\r\n'],
      ['it expects nonsense', 'GET / HTTP/1.1\r\nHost: files.test\r\nConnection: close\r\nExpect: nonsense\r\n\r\n'],
      ['it is too long', `GET /${'a'.repeat(17_000)} HTTP/1.1\r\nHost: files.test\r\nConnection: close\r\n\r\n`],
    ])(
      'gets an error that nobody keeps and nothing runs, also when the request is not understood: %s',
      async (_, bytes) => {
        const { status, raw } = await sendRaw(port, bytes);
        const head = raw.toString('latin1').split('\r\n\r\n')[0]?.toLowerCase();
        expect(status).toBeGreaterThanOrEqual(400);
        expect(head).toContain('cache-control: no-store');
        expect(head).toContain('x-content-type-options: nosniff');
        expect(head).toContain("content-security-policy: default-src 'none'");
        expect(head).toContain('access-control-allow-origin: *');
      },
    );

    test('finds a file whose mode hides it still hidden after the program has had the time to copy it', async () => {
      expect((await upstairs.get('/private-0600.jpg')).status).toBe(404);
      await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'wanted' })).toBe(0));
      const { status, text } = await upstairs.get('/private-0600.jpg');
      expect(text).not.toContain(secretMarker);
      expect(status).toBe(404);
    });

    test(`gets no 5xx and no silence for ${requests} random requests, nor a byte that is not public`, {
      timeout: 120_000,
    }, async () => {
      const seed = Number(process.env.UPSTAIRS_TEST_SEED ?? Date.now() % 2 ** 31);
      console.log(`seed ${seed} (UPSTAIRS_TEST_SEED=${seed} repeats this run)`);
      const connection = new RawConnection(port);
      const seen = new Map<number | string, number>();
      const began = performance.now();
      await fc.assert(
        fc.asyncProperty(randomRequest, async (request) => {
          const answer = await connection
            .send(request.bytes, { hasBody: request.method !== 'HEAD' })
            .catch((error: unknown) => {
              // A request that is too long to be read to its end may be cut off.
              if (error instanceof ClosedError && request.bytes.length > 8192) return undefined;
              throw error;
            });
          seen.set(answer?.status ?? 'cut', (seen.get(answer?.status ?? 'cut') ?? 0) + 1);
          if (!answer) return;
          expect(answer.status).toBeLessThan(500);
          expect(answer.raw.includes(secretMarker)).toBe(false);
          if (answer.status === 200 || answer.status === 206) expect(publicContent).toContain(answer.body.toString());
        }),
        { seed, numRuns: requests },
      );
      connection.close();
      const ms = performance.now() - began;
      console.log(`${Math.round(ms)} ms, ${connection.connections} connections`, Object.fromEntries([...seen].sort()));
      expect(ms).toBeLessThan(60_000);
      // A generator that finds nothing proves nothing.
      for (const status of [200, 400, 404, 405, 414]) expect(seen.get(status) ?? 0, `${status}`).toBeGreaterThan(10);
    });

    test('has changed nothing in the source or beside it', async () => {
      expect(await snapshot(outside)).toEqual(before);
    });

    test('was served nothing but the two public files, under their own names, by the log of the program', async () => {
      const reads = upstairs.logs.filter(({ event }) => event === 'read');
      const served = reads.filter(({ status }) => [200, 206, 304].includes(Number(status)));
      expect(new Set(served.map(({ key }) => key))).toEqual(new Set(['dir/inside.jpg', 'real.jpg']));
      for (const { key } of reads) {
        if (key !== undefined) expect(key).not.toMatch(/(^|\/)(\.|\/|$)|[\p{Cc}\\]|^_upstairs\//u);
      }
    });

    test('has brought nothing into the bucket but files that are nobody’s but theirs', async () => {
      const client = s3Client({ endpoint: store.endpoint });
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: store.bucket }));
      const keys = Contents.map(({ Key }) => Key ?? '');
      expect(keys).toContain('real.jpg');
      // What only its mode hides may go where an ACL can hide it.
      const allowed = acls ? [...mayBeCopied, 'private-0600.jpg'] : mayBeCopied;
      expect(keys.filter((key) => !allowed.includes(key))).toEqual([]);
    });

    test('leaves a program behind that serves, is ready and has complained of nothing', async () => {
      const { status, text } = await upstairs.get('/dir/inside.jpg');
      expect({ status, text }).toEqual({ status: 200, text: publicContent });
      expect((await upstairs.admin('/readyz')).status).toBe(200);
      expect(upstairs.logs.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
      expect(upstairs.output()).toBe('');
    });
  });
}

/** Every entry of a tree with its kind, mode, size, times and content. */
async function snapshot(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true });
  return Promise.all(
    names.sort().map(async (name) => {
      const path = join(dir, name);
      const { mode, size, mtimeMs, ctimeMs, ino } = await lstat(path);
      const kind = mode & 0o170000;
      const content =
        kind === 0o100000
          ? createHash('sha256')
              .update(await readFile(path))
              .digest('hex')
          : kind === 0o120000
            ? await readlink(path)
            : '';
      return [name, mode.toString(8), size, mtimeMs, ctimeMs, ino, content].join(' ');
    }),
  );
}

const existing = [
  'real.jpg',
  'dir',
  'inside.jpg',
  'dir/inside.jpg',
  'backups',
  'backups/dumps/x',
  'imports/x',
  '_upstairs',
  '_upstairs/identity',
  '.secret',
  'a/.git/config',
  'private-0600.jpg',
  'link-out.jpg',
  'linkdir',
  'linkdir/secret.txt',
  'link-in.jpg',
  'linkdir-in/inside.jpg',
  'link-loop.jpg',
  'fifo.jpg',
  'sock.jpg',
  'secret.txt',
];
const odd = ['.', '..', '...', '', '~', '*', 'con', ':', '@', '!', "'", '(', '+', '&', '=', '$', ',', '[', '|', '^'];
const raw = [' ', '\0', '\r', '\n', '\t', '\x7f', '\x80', '\xff', '\\', '%', '%%'];
const encoded = [
  '%2e',
  '%2E',
  '%2f',
  '%2F',
  '%5c',
  '%00',
  '%0d%0a',
  '%25',
  '%252e',
  '%c0%ae',
  '%ff',
  '%zz',
  '%C3%A9',
  '%e2%82%ac',
];

const segment = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...existing) },
  { weight: 5, arbitrary: fc.constantFrom(...odd) },
  { weight: 5, arbitrary: fc.constantFrom(...encoded) },
  { weight: 1, arbitrary: fc.constantFrom(...raw) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 12 }) },
  { weight: 5, arbitrary: fc.stringMatching(/^[a-z0-9]{1,12}$/) },
  {
    weight: 5,
    arbitrary: fc.constantFrom(...existing).map((name) => [...name].map((c) => `%${hex(c)}`).join('')),
  },
);
const separators = [...Array<string>(16).fill('/'), ...Array<string>(3).fill('?'), ';', '//', '%2f', '\\', '#'];

const long = fc
  .tuple(fc.constantFrom('a', '/a', '%41', '../', '%2e%2e/'), fc.integer({ min: 200, max: 2800 }))
  .map(([text, times]) => `/${text.repeat(times)}`);
const path = fc
  .array(fc.tuple(segment, fc.constantFrom(...separators)), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => `/${parts.map(([text, end]) => text + end).join('')}`.replace(/\/$/, ''));
const target = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...existing).map((name) => `/${name}`) },
  { weight: 2, arbitrary: fc.constantFrom('/real.jpg', '/dir/inside.jpg') },
  { weight: 12, arbitrary: path },
  { weight: 1, arbitrary: long },
  { weight: 1, arbitrary: path.map((rest) => `/system${rest}`) },
  { weight: 1, arbitrary: path.map((rest) => `http://files.test${rest}`) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 40 }) },
);
/** What a header cannot hold without becoming two is left to the list of hostile requests. */
const value = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
  fc.constantFrom('*', '"', '"x"', 'W/"x", "y"', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Fri, 31 Dec 9999 23:59:59 GMT'),
  fc.constantFrom(
    'bytes=0-',
    'bytes=-1',
    'bytes=-0',
    'bytes=5-2',
    'bytes=0-0,2-3',
    'bytes=99999999999999999999-',
    'bytes=a-b',
  ),
  fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 })).map(([a, b]) => `bytes=${a}-${b}`),
);
const ranges = fc.constantFrom(
  'bytes=0-',
  'bytes=-1',
  'bytes=-0',
  'bytes=3-9',
  'bytes=9-',
  'bytes=999-',
  'bytes=5-2',
  'bytes=0-0,2-3',
);
const headerOfItsKind = fc.oneof(
  ranges.map((text): [string, string] => ['Range', text]),
  fc.constantFrom<[string, string]>(['If-None-Match', '*'], ['If-Match', '*'], ['If-Range', '"x"']),
);
const header = fc.tuple(
  fc.constantFrom(
    'Range',
    'If-Range',
    'If-None-Match',
    'If-Match',
    'If-Modified-Since',
    'If-Unmodified-Since',
    'Accept-Encoding',
    'Origin',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'Authorization',
    'Cookie',
    'Cache-Control',
  ),
  value,
);
const host = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('files.test', 'FILES.test:80', 'files.test.') },
  { weight: 2, arbitrary: fc.constant('app.test') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 20 }) },
);
const method = fc.oneof(
  { weight: 20, arbitrary: fc.constant('GET') },
  { weight: 4, arbitrary: fc.constant('HEAD') },
  { weight: 1, arbitrary: fc.constantFrom('OPTIONS', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'TRACE') },
);
const randomRequest = fc
  .record({ method, target, host, headers: fc.array(fc.oneof(headerOfItsKind, header), { maxLength: 3 }) })
  .map(({ method, target, host, headers }) => ({
    method,
    bytes: `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${headers.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`,
  }));

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0');
}

import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { silentServer } from '../support/hostile-web-server.ts';
import { needs } from '../support/left-out.ts';
import { jpeg, mastodonKey, mp4, writeMedia } from '../support/media-files.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { nginxFile } from '../support/nginx-files.ts';
import { scratch } from '../support/scratch.ts';
import { type SlowLink, slowLink } from '../support/slow-link.ts';
import type { Upstairs } from '../support/upstairs.ts';
import { tierOf, type World, world } from '../support/world.ts';

const video = mastodonKey(1, 'mp4');
const bytes = mp4(1, 20_000_000);
const roundTripMs = 100;
/** What the machine may add where it runs 50 readers, the program, the store and nginx on two cores. */
const marginMs = 150;

const md5 = (content: Uint8Array) => createHash('md5').update(content).digest('hex');

/** One request to the end: when its first byte came, and what all of them were. */
async function read(origin: string, path: string, host: string) {
  const began = performance.now();
  const { statusCode, headers, body } = await request(origin + path, { headers: { host } });
  const hash = createHash('md5');
  let firstMs: number | undefined;
  for await (const piece of body as AsyncIterable<Buffer>) {
    firstMs ??= performance.now() - began;
    hash.update(piece);
  }
  return { status: statusCode, tier: tierOf(headers), firstMs: firstMs ?? Number.NaN, md5: hash.digest('hex') };
}

describe.skipIf(needs('ceph', 'nginx').skip)('a basement across an ocean', () => {
  let nginx: Nginx;
  let link: SlowLink;
  let at: World;
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const root = scratch('basement');
    chmodSync(root, 0o755);
    await writeMedia(root, video, bytes);
    await writeMedia(root, 'near.bin', randomBytes(100_000));
    nginx = await startNginx((port) => `server { listen 127.0.0.1:${port}; location /system/ { alias ${root}/; } }`);
    ends.push(() => nginx.stop());
    link = await slowLink(nginx.port, { oneWayMs: roundTripMs / 2, bitsPerSecond: 20_000_000 });
    ends.push(() => link.close());
    at = await world({
      files: {},
      config: { sources: [{ type: 'http', name: 'basement', url: `http://127.0.0.1:${link.port}/system/` }] },
      atEnd: (end) => ends.push(end),
    });
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });
  const asked = (key: string) =>
    nginx
      .accessLog()
      .split('\n')
      .flatMap((line) => /"(\S+) (\S+) /.exec(line)?.slice(1, 3).join(' ') ?? [])
      .filter((line) => line.endsWith(`/system/${key}`));

  test('sends a cold video once for 50 readers, who see it begin one round trip after its own readers, and it goes up once', async () => {
    const direct = await read(`http://127.0.0.1:${link.port}`, '/system/near.bin', 'basement.test');
    expect(direct.status).toBe(200);

    const fifty = (path: string) =>
      Promise.all(Array.from({ length: 50 }, () => read(at.upstairs.readUrl, path, 'files.test')));
    // What 50 readers cost a machine that does other things too: the same way, for what is nowhere, but for one round trip.
    const began = performance.now();
    await fifty('/none.mp4');
    const busyMs = Math.max(marginMs, performance.now() - began - roundTripMs);
    const readers = await fifty(`/${video}`);
    const all = { status: 200, tier: 'basement', md5: md5(bytes) };
    expect(readers.map(({ status, tier, md5 }) => ({ status, tier, md5 }))).toEqual(readers.map(() => all));
    const firstMs = Math.max(...readers.map((reader) => reader.firstMs));
    console.log(
      `first byte: the basement's own ${Math.round(direct.firstMs)} ms, last of 50 readers ${Math.round(firstMs)} ms`,
    );
    expect(firstMs).toBeLessThan(direct.firstMs + roundTripMs + busyMs);

    await eventually(async () => expect(await at.facts(video)).toMatchObject({ size: bytes.length }));
    expect(await at.puts(video)).toEqual([200]);
    expect((await at.facts(video))?.md5).toBe(md5(bytes));
    // The second look at it, that it did not change meanwhile, is a HEAD.
    expect(asked(video).sort()).toEqual([`GET /system/${video}`, `HEAD /system/${video}`]);
    expect(link.bytesBack).toBeLessThan(bytes.length + 300_000);
  });
});

describe.skipIf(needs('ceph', 'nginx').skip)('a basement with TLS, a secret and a canary', () => {
  const secret = 'a-secret-of-the-basement-0123';
  const root = scratch('public');
  const system = join(root, 'system');
  const canary = 'upstairs-canary.txt';
  const [shown, suspended] = [mastodonKey(2, 'jpg'), mastodonKey(3, 'jpg')];
  const picture = jpeg(2, { bytes: 30_000 });
  const ends: (() => Promise<unknown>)[] = [];
  let nginx: Nginx;
  let upstairs: Upstairs;
  let at: World;
  let source: Record<string, unknown>;

  beforeAll(async () => {
    chmodSync(root, 0o755);
    await writeMedia(system, shown, picture);
    await writeMedia(system, suspended, picture, { mode: 0o600 });
    await writeMedia(system, canary, 'x');
    const certificate = makeCertificate(['localhost']);
    nginx = await startNginx((port) =>
      nginxFile('basement.conf', certificate, {
        'basement.example': 'localhost',
        'replace-me-with-a-secret': secret,
        'listen 443 ': `listen 127.0.0.1:${port} `,
        '/var/lib/mastodon/public': root,
      }),
    );
    ends.push(() => nginx.stop());
    source = {
      ...{ type: 'http', name: 'basement', url: `https://localhost:${nginx.port}/system/`, canary, ca: certificate.ca },
      secret: { header: 'X-Upstairs-Secret', value: secret },
    };
    at = await world({ files: {}, config: { sources: [source] }, atEnd: (end) => ends.push(end) });
    upstairs = at.upstairs;
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  test('gives readers its files, and hides what only its owner may read', async () => {
    const head = await upstairs.get(`/${shown}`, { method: 'HEAD' });
    const answer = await upstairs.get(`/${shown}`);
    expect([answer.status, answer.body.equals(picture)]).toEqual([200, true]);
    expect(head.headers['last-modified']).toBe(answer.headers['last-modified']);
    expect(answer.headers['last-modified']).toBe('Thu, 04 Mar 2021 05:06:07 GMT');
    expect((await upstairs.get(`/${suspended}`)).status).toBe(404);
    expect((await upstairs.get('/none.jpg')).status).toBe(404);
    await eventually(async () => expect(await at.facts(shown)).toMatchObject({ size: picture.length, isPublic: true }));
    expect((await at.facts(shown))?.md5).toBe(md5(picture));
    expect(await at.puts(suspended)).toEqual([]);
  });

  test('whose disk is not mounted has no absences: readers get 503 and not 404', async () => {
    rmSync(join(system, canary));
    const missing = await upstairs.get('/unknown.jpg');
    await writeMedia(system, canary, 'x');
    expect(missing.status).toBe(503);
    expect((await upstairs.get('/unknown.jpg')).status).toBe(404);
  });

  test('whose secret is another is not asked in vain: readers get 503, and the metrics say denied', async () => {
    const wrong = { ...source, secret: { header: 'X-Upstairs-Secret', value: 'another' } };
    await using other = (await world({ files: {}, config: { sources: [wrong] } })).upstairs;
    // None of them is an absence, and none is private.
    for (const key of [shown, suspended, 'none.jpg']) expect((await other.get(`/${key}`)).status).toBe(503);
    expect(await other.metric('upstairs_source_errors_total', { source: 'basement', kind: 'denied' })).toBe(3);
    expect(await other.metric('upstairs_remote_asked', { source: 'basement' })).toBe(1);
  });
});

describe.skipIf(needs('ceph').skip)('a basement that never answers', () => {
  test('delays readers of what lies elsewhere a few times, and then not any more', async () => {
    await using silent = await silentServer();
    const root = scratch('attic');
    const keys = Array.from({ length: 7 }, (_, n) => mastodonKey(10 + n, 'jpg'));
    for (const key of keys) await writeMedia(root, key, jpeg(3, { bytes: 5000 }));
    const sources = [
      {
        type: 'http',
        name: 'basement',
        url: `${silent.url}/system/`,
        connectTimeout: '1s',
        headersTimeout: '1s',
      },
      { type: 'disk', name: 'attic', root },
    ];
    await using upstairs = (await world({ files: {}, config: { sources } })).upstairs;
    const times: number[] = [];
    for (const key of keys) {
      const began = performance.now();
      const { status, headers } = await upstairs.get(`/${key}`);
      times.push(performance.now() - began);
      expect([status, tierOf(headers)]).toEqual([200, 'attic']);
    }
    for (const ms of times.slice(0, 5)) expect(ms).toBeGreaterThan(950);
    for (const ms of times.slice(5)) expect(ms).toBeLessThan(900);
    expect(await upstairs.metric('upstairs_remote_asked', { source: 'basement' })).toBe(0);
    // What it alone may have is not absent.
    expect((await upstairs.get('/none.jpg')).status).toBe(503);
    expect((await upstairs.admin('/readyz')).status).toBe(200);
  });
});

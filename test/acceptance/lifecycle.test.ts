import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { merge } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { type FaultyDisk, mountFaultyDisk } from '../support/faulty-disk.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg } from '../support/media-files.ts';
import { objectFacts, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from '../support/upstairs.ts';

/** More than the sockets between two programs hold: who does not read it stops its sender. */
const huge = Buffer.alloc(48 * 1024 * 1024, 'x');

/** A program that serves one huge file and copies nothing; any store will do. */
async function serving(shutdown: object): Promise<Upstairs> {
  const store = await startFauxqs({ port: 0, logger: false });
  onTestFinished(() => store.stop().then(() => {}));
  store.createBucket('media');
  const root = scratch('root');
  await basement(root, { 'huge.bin': huge, 'a.jpg': 'a picture' });
  const upstairs = await startUpstairs({
    config: merge(baseConfig({ endpoint: store.address, bucket: 'media', root, phase: 'front', shutdown }), {
      bucket: { acls: false },
    }),
  });
  onTestFinished(() => upstairs.dispose());
  return upstairs;
}

/** Whether the process has ended, for all it can: on a hung disk a killed one stays as a zombie until the disk answers. */
function ended(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

function refusesConnections(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

async function timed<T>(work: Promise<T>): Promise<{ value: T; ms: number }> {
  const began = performance.now();
  return { value: await work, ms: performance.now() - began };
}

describe('a program that is told to stop', () => {
  test('lets a slow download end, takes no new one, and ends with code 0', async () => {
    const upstairs = await serving({ drain: '10s', copies: '1s' });
    const answer = await upstairs.open('/huge.bin');
    const chunks: Buffer[] = [];
    let length = 0;
    let told = false;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (!told && length > 1_000_000) {
        told = true;
        process.kill(upstairs.pid, 'SIGTERM');
        await eventually(() => refusesConnections(upstairs.readUrl));
        // What is left is far more than what was on its way.
        await sleep(300);
      }
    }
    expect(Buffer.concat(chunks).equals(huge)).toBe(true);
    const { value, ms } = await timed(upstairs.exited);
    expect(value).toEqual({ code: 0, signal: null });
    // Nobody reads any more: a connection that is kept for a next request is no reason to wait for shutdown.drain.
    expect(ms).toBeLessThan(3000);
    expect(upstairs.logs.map(({ event }) => event)).toContain('stopped');
  });

  test('ends at once with code 0 when nobody reads, also with idle connections', async () => {
    const upstairs = await serving({ drain: '20s', copies: '10s' });
    await upstairs.get('/a.jpg'); // its connection is kept
    const { value, ms } = await timed(upstairs.kill());
    expect(value).toEqual({ code: 0, signal: null });
    expect(ms).toBeLessThan(2000);
  });

  test('cuts a download that outlasts shutdown.drain, and breaks its connection', async () => {
    const upstairs = await serving({ drain: '700ms', copies: '1s' });
    const answer = await upstairs.open('/huge.bin');
    const stuck = expect(
      (async () => {
        await eventually(() => ended(upstairs.pid), { withinMs: 10_000 });
        return (await answer.body.arrayBuffer()).byteLength;
      })(),
    ).rejects.toThrow();
    const { value, ms } = await timed(upstairs.kill());
    await stuck;
    expect(value.code).toBe(0);
    expect(ms).toBeGreaterThan(600);
    expect(ms).toBeLessThan(700 + 2000);
  });

  test('ends at once at the second signal', async () => {
    const upstairs = await serving({ drain: '30s', copies: '30s' });
    const answer = await upstairs.open('/huge.bin');
    answer.body.on('error', () => {});
    process.kill(upstairs.pid, 'SIGTERM');
    await eventually(() => refusesConnections(upstairs.readUrl));
    await sleep(100);
    expect(ended(upstairs.pid)).toBe(false);
    const { value, ms } = await timed(upstairs.kill('SIGINT'));
    expect(value).toEqual({ code: 1, signal: null });
    expect(ms).toBeLessThan(1000);
  });

  test('answers what was asked behind a download that is let end, and closes the connection then', async () => {
    const upstairs = await serving({ drain: '10s', copies: '1s' });
    const socket = connect(Number(new URL(upstairs.readUrl).port), '127.0.0.1');
    const ask = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nHost: files.test\r\n\r\n`);
    ask('/huge.bin');
    await once(socket, 'readable');
    process.kill(upstairs.pid, 'SIGTERM');
    await eventually(() => refusesConnections(upstairs.readUrl));
    ask('/a.jpg');
    const answers = (await buffer(socket)).subarray(huge.length).toString('latin1');
    const last = answers.slice(answers.lastIndexOf('HTTP/1.1 '));
    expect(last).toMatch(/^HTTP\/1\.1 200 /);
    expect(last).toMatch(/\r\nconnection: close\r\n/i);
    expect(last).toMatch(/\r\n\r\na picture$/);
    expect(await upstairs.exited).toEqual({ code: 0, signal: null });
  });

  test('says on the admin listener that it stops while it drains', async () => {
    const upstairs = await serving({ drain: '5s', copies: '1s' });
    const answer = await upstairs.open('/huge.bin');
    answer.body.on('error', () => {});
    process.kill(upstairs.pid, 'SIGTERM');
    await eventually(() => refusesConnections(upstairs.readUrl));
    const ready = await upstairs.admin('/readyz');
    expect(ready.status).toBe(503);
    expect(ready.text).toContain('stopping');
    expect((await upstairs.admin('/livez')).status).toBe(200);
  });
});

describe.skipIf(needs('ceph').skip)('a program that starts while the bucket is down', () => {
  test('and was never bound to one uses no source: what was deleted is not known', async () => {
    const rgw = sharedRgw();
    const root = scratch('root');
    await basement(root, { 'deleted.jpg': jpeg(6) });
    await using proxy = await faultProxy(rgw.endpoint, () => 'refuse');
    await using upstairs = await startUpstairs({
      config: baseConfig({ endpoint: proxy.endpoint, bucket: await rgw.freshBucket(), root }),
    });
    expect((await upstairs.get('/deleted.jpg')).status).toBe(503);
    expect((await upstairs.admin('/readyz')).text).toContain('no source is used');
    proxy.decide = () => 'pass';
    await eventually(async () => expect((await upstairs.get('/deleted.jpg')).status).toBe(200));
  });

  test('serves from the disk at once, becomes ready when the bucket comes up, and copies then', async () => {
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    const root = scratch('root');
    const bytes = jpeg(5, { bytes: 30_000 });
    await basement(root, { 'early.jpg': bytes });
    await rgw.client.send(
      new PutObjectCommand({ Bucket: bucket, Key: 'above.jpg', Body: 'above', ACL: 'public-read' }),
    );
    await using proxy = await faultProxy(rgw.endpoint);
    const config = baseConfig({
      endpoint: proxy.endpoint,
      bucket,
      root,
      copy: { minAge: '0ms', retry: { first: '200ms' } },
    });
    const before = await startUpstairs({ config });
    await before.kill();
    proxy.decide = () => 'refuse';
    await using upstairs = await startUpstairs({ config });

    const { value: first, ms } = await timed(upstairs.get('/early.jpg'));
    expect(first.status).toBe(200);
    expect(first.body.equals(bytes)).toBe(true);
    expect(ms).toBeLessThan(1000);
    expect((await upstairs.get('/above.jpg')).status).toBe(503);
    expect((await upstairs.get('/nobody.jpg')).status).toBe(503);
    expect((await upstairs.admin('/readyz')).status).toBe(503);
    await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'wanted' })).toBe(1));

    proxy.decide = () => 'pass';
    await eventually(async () => expect((await upstairs.admin('/readyz')).status).toBe(200));
    await eventually(async () => expect(await objectFacts(rgw.client, bucket, 'early.jpg')).toBeDefined());
    expect((await upstairs.get('/above.jpg')).text).toBe('above');
    expect((await upstairs.get('/nobody.jpg')).status).toBe(404);
  });
});

test('the pool of threads has room for every operation of every disk, and some to spare', async () => {
  const store = await startFauxqs({ port: 0, logger: false });
  onTestFinished(() => store.stop().then(() => {}));
  store.createBucket('media');
  const [one, two] = [scratch('one'), scratch('two')];
  for (const root of [one, two]) await basement(root, { 'a.jpg': 'a' });
  await using upstairs = await startUpstairs({
    config: baseConfig({
      endpoint: store.address,
      bucket: 'media',
      root: one,
      sources: [
        { type: 'disk', name: 'one', root: one, maxOutstanding: 21 },
        { type: 'disk', name: 'two', root: two, maxOutstanding: 12 },
      ],
    }),
  });
  const environment = readFileSync(`/proc/${upstairs.pid}/environ`, 'utf8').split('\0');
  const size = environment.find((entry) => entry.startsWith('UV_THREADPOOL_SIZE='))?.split('=')[1];
  expect(Number(size)).toBeGreaterThanOrEqual(21 + 12 + 4);
});

describe.skipIf(needs('ceph', 'fuse').skip)('a disk that hangs', () => {
  const deadlineMs = 1000;
  const count = 50;
  let disk: FaultyDisk;
  let upstairs: Upstairs;
  const small = jpeg(6, { bytes: 20_000 });

  beforeAll(async () => {
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    const [hanging, healthy] = [scratch('hanging'), scratch('healthy')];
    const files = (name: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}/${i}.jpg`, small]));
    await basement(hanging, { ...files('hung'), 'there.jpg': small });
    await basement(healthy, files('fine'));
    disk = await mountFaultyDisk(hanging, { directIo: true });
    for (let i = 0; i < count; i++) {
      await rgw.client.send(
        new PutObjectCommand({ Bucket: bucket, Key: `above/${i}.jpg`, Body: small, ACL: 'public-read' }),
      );
    }
    upstairs = await startUpstairs({
      config: baseConfig({
        endpoint: rgw.endpoint,
        bucket,
        root: hanging,
        phase: 'front',
        // The healthy disk first: a key of the other is looked for on both.
        sources: [
          { type: 'disk', name: 'healthy', root: healthy, deadline: `${deadlineMs}ms` },
          { type: 'disk', name: 'hanging', root: disk.mountPoint, deadline: `${deadlineMs}ms` },
        ],
        shutdown: { drain: '1s', copies: '1s' },
      }),
    });
    expect((await upstairs.get('/there.jpg')).status).toBe(200);
    await upstairs.get('/above/0.jpg');
  });
  afterAll(async () => {
    // Hung operations end with the disk, and only then the process can.
    await disk?.unmount();
    await upstairs?.dispose();
  });

  test('costs its own readers a 503 within the deadline, and nobody else anything', { timeout: 60_000 }, async () => {
    await disk.setRules([{ match: 'hung/*', hang: true }]);
    const readers = Array.from({ length: count }, (_, i) => timed(upstairs.get(`/hung/${i}.jpg`)));
    await sleep(200);
    const slowest = { disk: 0, bucket: 0, cache: 0, admin: 0 };
    const note = (what: keyof typeof slowest, ms: number) => {
      slowest[what] = Math.max(slowest[what], ms);
    };
    for (let i = 0; i < count; i++) {
      const fine = await timed(upstairs.get(`/fine/${i}.jpg`));
      expect(fine.value.status).toBe(200);
      note('disk', fine.ms);
      const above = await timed(upstairs.get(`/above/${i}.jpg`));
      expect(above.value.status).toBe(200);
      note('bucket', above.ms);
      const cached = await timed(upstairs.get('/there.jpg'));
      expect(cached.value.status).toBe(200);
      note('cache', cached.ms);
      const metrics = await timed(upstairs.admin('/metrics'));
      expect(metrics.value.status).toBe(200);
      note('admin', metrics.ms);
    }
    const answers = await Promise.all(readers);
    console.log('slowest answers in ms', slowest, 'hung readers', Math.max(...answers.map(({ ms }) => ms)));
    expect(answers.map(({ value }) => value.status)).toEqual(Array(count).fill(503));
    for (const { value } of answers) {
      expect(value.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      expect(value.headers['cache-control']).toBe('no-store');
    }
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(2 * deadlineMs + 1000);
    expect(slowest).toEqual({
      disk: expect.toSatisfy((ms: number) => ms < 300),
      bucket: expect.toSatisfy((ms: number) => ms < 300),
      cache: expect.toSatisfy((ms: number) => ms < 300),
      admin: expect.toSatisfy((ms: number) => ms < 300),
    });
  });

  test('is known to the operator: in the metrics, and as the reason why the program is not ready', async () => {
    // Look-ups hold maxLookups of its places; reads of files that were open take the rest in a real outage.
    expect(await upstairs.metric('upstairs_disk_operations', { source: 'hanging', state: 'stuck' })).toBeGreaterThan(0);
    expect(
      await upstairs.metric('upstairs_source_errors_total', { source: 'hanging', kind: 'timeout' }),
    ).toBeGreaterThan(0);
    expect(await upstairs.metric('upstairs_disk_operations', { source: 'healthy', state: 'stuck' })).toBe(0);
    const { status, text } = await upstairs.admin('/readyz');
    expect({ status, text }).toEqual({ status: 503, text: expect.stringContaining('hanging') });
  });

  test('is not waited for by those who come when it is known to hang', async () => {
    const { value, ms } = await timed(upstairs.get('/hung/3.jpg'));
    expect(value.status).toBe(503);
    expect(ms).toBeLessThan(deadlineMs / 2);
  });

  test('serves again as soon as it answers', async () => {
    await disk.setRules([]);
    await eventually(async () => expect((await upstairs.get('/hung/0.jpg')).status).toBe(200));
    expect((await upstairs.get(`/hung/${count - 1}.jpg`)).body.equals(small)).toBe(true);
    await eventually(async () =>
      expect(await upstairs.metric('upstairs_disk_operations', { source: 'hanging', state: 'stuck' })).toBe(0),
    );
  });

  test('does not keep the program from ending when it is told to', { timeout: 60_000 }, async () => {
    await disk.setRules([{ op: 'read', hang: true }]);
    const reader = upstairs.get('/hung/7.jpg').catch(() => undefined);
    await eventually(async () => expect((await disk.stats()).in_flight.length).toBeGreaterThan(0));
    const began = performance.now();
    process.kill(upstairs.pid, 'SIGTERM');
    await eventually(() => ended(upstairs.pid), { withinMs: 10_000 });
    expect(performance.now() - began).toBeLessThan(1000 + 1000 + 1500);
    await disk.unmount();
    await reader;
    const exit = await upstairs.exited;
    expect(exit.code === 0 || exit.signal === 'SIGKILL').toBe(true);
  });

  test('does not keep a program from ending whose copies wait for it', { timeout: 60_000 }, async () => {
    const rgw = sharedRgw();
    const root = scratch('root');
    await basement(root, { 'asked-for.jpg': small });
    await using slow = await mountFaultyDisk(root, { directIo: true });
    await using proxy = await faultProxy(rgw.endpoint);
    const moving = await startUpstairs({
      config: baseConfig({
        endpoint: proxy.endpoint,
        bucket: await rgw.freshBucket(),
        root,
        sources: [{ type: 'disk', name: 'slow', root: slow.mountPoint, deadline: '30s' }],
        copy: { minAge: '0ms' },
        shutdown: { drain: '500ms', copies: '500ms' },
      }),
    });
    onTestFinished(() => moving.dispose());
    proxy.decide = () => 'refuse';
    // Asked for while the bucket is away, by HEAD: the copy opens the file itself, later.
    expect((await moving.get('/asked-for.jpg', { method: 'HEAD' })).status).toBe(200);
    await eventually(async () => expect(await moving.metric('upstairs_ledger_keys', { status: 'wanted' })).toBe(1));
    await slow.setRules([{ op: 'open', hang: true }]);
    proxy.decide = () => 'pass';
    await eventually(async () => expect((await slow.stats()).in_flight.length).toBeGreaterThan(0), { withinMs: 8000 });
    const began = performance.now();
    process.kill(moving.pid, 'SIGTERM');
    await eventually(() => ended(moving.pid), { withinMs: 12_000 });
    expect(performance.now() - began).toBeLessThan(500 + 500 + 2000);
  });
});

import { type ChildProcess, execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { merge, type PlainConfig } from '../support/base-config.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultProxy, faultProxy, type ProxiedRequest } from '../support/fault-proxy.ts';
import { needs } from '../support/left-out.ts';
import { programEnv } from '../support/program-env.ts';
import { freshBucket, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const run = promisify(execFile);
const keyPrefix = 'town/';
const count = 3500;

const odd = [
  'a b+c%20d & <1>.jpg',
  'media_attachments/files/110/ü/～.jpg',
  'media_attachments/files/110/\u{1f600}.jpg',
  `media_attachments/files/${'long/'.repeat(190)}x.jpg`,
];
const keys = [
  ...odd,
  ...Array.from({ length: count - odd.length }, (_, i) => {
    const folder = ['accounts/avatars', 'cache/media_attachments/files', 'media_attachments/files'][i % 3];
    return `${folder}/${109 + (i % 4)}/${String((i * 7919) % 1000).padStart(3, '0')}/original/${i}.jpg`;
  }),
];
const sizeOf = (key: string) => (key.length % 50) + 1;
const total = keys.reduce((sum, key) => sum + sizeOf(key), 0);

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `upstairs inventory` to its end. */
function inventory(config: PlainConfig, ...args: string[]): Promise<Ended> & { readonly child: ChildProcess } {
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  const running = run(execPath, [program, 'inventory', '-c', file, ...args], { env: programEnv, timeout: 60_000 });
  const ended = running.then(
    ({ stdout, stderr }): Ended => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): Ended => ({
      code,
      out: stdout,
      err: stderr,
    }),
  );
  return Object.assign(ended, { child: running.child });
}

/** What the file says to a plain SQLite client. */
function recorded(stateDir: string): { ended: number; objects: Map<string, number> } {
  const db = new DatabaseSync(join(stateDir, 'files.db'), { readOnly: true });
  try {
    const rows = db.prepare('SELECT key, size FROM objects').all() as { key: string; size: number }[];
    const { ended } = db.prepare('SELECT count(ended_ms) AS ended FROM listings').get() as { ended: number };
    return { ended, objects: new Map(rows.map(({ key, size }) => [key, size])) };
  } finally {
    db.close();
  }
}

const isListing = ({ method, query }: ProxiedRequest) => method === 'GET' && query.get('list-type') === '2';
const isPage = (request: ProxiedRequest) => isListing(request) && !request.query.has('delimiter');

describe.skipIf(needs('ceph').skip)('upstairs inventory', { timeout: 120_000 }, () => {
  const ends: (() => Promise<unknown>)[] = [];
  const expected = new Map(keys.map((key) => [key, sizeOf(key)]));
  let bucket: string;
  let store: FaultProxy;
  const root = scratch('root');
  /** A state that is bound to the bucket; each test begins with a copy of its ledger. */
  let bound: string;

  const put = (key: string, bytes = sizeOf(key)) =>
    sharedRgw().client.send(new PutObjectCommand({ Bucket: bucket, Key: keyPrefix + key, Body: 'x'.repeat(bytes) }));
  const remove = (key: string) =>
    sharedRgw().client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyPrefix + key }));
  const configOf = (stateDir: string, more: PlainConfig = {}) =>
    merge(
      baseConfig({ endpoint: store.endpoint, bucket, root, stateDir }),
      merge({ bucket: { keyPrefix }, backfill: { listRate: 200 }, phase: 'front' }, more),
    );
  const freshState = () => {
    const dir = scratch('state');
    for (const name of ['ledger.db', 'marks.db']) {
      const from = new DatabaseSync(join(bound, name));
      from.exec(`VACUUM INTO '${join(dir, name)}'`);
      from.close();
    }
    return dir;
  };

  beforeAll(async () => {
    bucket = await freshBucket();
    store = await faultProxy(sharedRgw().endpoint);
    ends.push(() => store.close());
    const waiting = [...keys];
    const filler = async () => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) await put(key);
    };
    writeFileSync(join(root, 'a.jpg'), 'x');
    bound = scratch('bound');
    const upstairs = await startUpstairs({ config: configOf(bound) });
    await upstairs.kill();
    await Promise.all(Array.from({ length: 16 }, filler));
  }, 120_000);
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  beforeEach(() => {
    store.decide = () => 'pass';
    store.seen.length = 0;
  });

  test('records what is in the bucket, odd keys too, without asking for each, and what came and went the next time', async () => {
    const state = freshState();
    const { code, out, err } = await inventory(configOf(state), '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ objects: count, bytes: total });
    expect(recorded(state)).toEqual({ ended: 1, objects: expected });
    expect(store.seen.length).toBeLessThan(count / 10);
    expect(new Set(store.seen.map(({ method }) => method))).toEqual(new Set(['GET']));

    const [gone, changed] = [keys[1000]!, keys[2000]!];
    await Promise.all([remove(gone), put(changed, 99), put('new/one.jpg', 7)]);
    onTestFinished(async () => {
      await Promise.all([put(gone), put(changed), remove('new/one.jpg')]);
    });
    const again = await inventory(configOf(state));
    expect(again.code).toBe(0);
    expect(again.out).toMatch(new RegExp(`^${count} objects, [\\d.]+ kB in the bucket ${bucket}; listed in `));
    const now = new Map(expected).set(changed, 99).set('new/one.jpg', 7);
    now.delete(gone);
    expect(recorded(state)).toEqual({ ended: 1, objects: now });
  });

  test('killed in the middle with SIGKILL goes on there, and the result is whole', async () => {
    const state = freshState();
    // The first time soon after it was split into many ranges, the second time soon after the start.
    for (const splitFirst of [true, false]) {
      let split = !splitFirst;
      let pages = 0;
      store.decide = (request) => {
        split ||= isListing(request) && !isPage(request);
        return split && isPage(request) && ++pages > 3 ? 'hang' : 'pass';
      };
      const running = inventory(configOf(state));
      await eventually(() => pages > 3, { withinMs: 20_000 });
      running.child.kill('SIGKILL');
      await running;
      store.release();
    }
    expect(recorded(state).ended).toBe(0);
    store.decide = () => 'pass';
    const { code, out, err } = await inventory(configOf(state), '--json');
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringMatching(/^going on after \d+ objects\n$/) });
    expect(JSON.parse(out)).toMatchObject({ objects: count, bytes: total });
    expect(recorded(state)).toEqual({ ended: 1, objects: expected });
  });

  test('waits for a store that answers SlowDown or breaks off, and asks again', async () => {
    const state = freshState();
    let n = 0;
    store.decide = (request) => {
      if (!isListing(request)) return 'pass';
      n++;
      if (n === 2) return { status: 503, body: '<Error><Code>SlowDown</Code></Error>' };
      return n === 4 ? { abortAfterResponseBytes: 500 } : 'pass';
    };
    const { code, out } = await inventory(configOf(state), '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ objects: count, bytes: total });
    expect(recorded(state).objects).toEqual(expected);
  });

  test('makes no inventory of a bucket that is not this state’s, also if it becomes another one meanwhile', async () => {
    const state = freshState();
    const other = await freshBucket();
    const wrong = await inventory(configOf(state, { bucket: { name: other } }));
    expect(wrong).toMatchObject({ code: 1, out: '', err: expect.stringContaining('belongs to another state') });

    expect((await inventory(configOf(state))).code).toBe(0);
    const { ended, objects } = recorded(state);
    const strangers = new PutObjectCommand({
      Bucket: bucket,
      Key: `${keyPrefix}_upstairs/identity`,
      Body: '{"ledger":"x"}',
    });
    const { Body } = await sharedRgw().client.send(
      new GetObjectCommand({ Bucket: bucket, Key: `${keyPrefix}_upstairs/identity` }),
    );
    const ours = (await Body?.transformToString()) ?? '';
    onTestFinished(async () => {
      await sharedRgw().client.send(
        new PutObjectCommand({ Bucket: bucket, Key: `${keyPrefix}_upstairs/identity`, Body: ours }),
      );
    });
    // From the third page on another bucket answers, which is empty.
    const empty = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';
    let n = 0;
    store.decide = async (request) => {
      if (!isPage(request) || ++n < 3) return 'pass';
      if (n === 3) await sharedRgw().client.send(strangers);
      return { status: 200, body: empty };
    };
    const turned = await inventory(configOf(state));
    expect(turned).toMatchObject({ code: 1, out: '', err: expect.stringContaining('belongs to another state') });
    expect(recorded(state)).toEqual({ ended, objects });
  });

  test('says what is wrong where it cannot begin, and names what to do', async () => {
    const unbound = await inventory(configOf(scratch('empty')));
    expect(unbound).toMatchObject({ code: 1, err: expect.stringContaining('start `upstairs serve` once before') });
    store.decide = (request) =>
      isListing(request) ? { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' } : 'pass';
    const refused = await inventory(configOf(freshState()));
    expect(refused).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /^upstairs: the store answered 403 \(AccessDenied\)\n.*\n {2}to do: .*`upstairs check`/,
      ),
    });
  });

  test('serve lists the bucket itself once it is on, readers are answered meanwhile, and the command waits its turn', async () => {
    const state = freshState();
    const config = configOf(state, { backfill: { enabled: true } });
    let listings = 0;
    store.decide = (request) => (isListing(request) && ++listings > 2 ? 'hang' : 'pass');
    const upstairs = await startUpstairs({ config });
    onTestFinished(() => upstairs.dispose());
    await eventually(() => listings > 2, { withinMs: 20_000 });
    expect(await upstairs.metric('upstairs_inventory_ended_timestamp_seconds')).toBe(0);
    const beside = await inventory(config);
    expect(beside).toMatchObject({ code: 1, err: expect.stringContaining('the bucket is being listed already') });
    expect((await upstairs.get('/not-there.jpg')).status).toBe(404);
    store.decide = () => 'pass';
    store.release();
    await eventually(async () => (await upstairs.metric('upstairs_inventory_objects')) === count, { withinMs: 20_000 });
    expect(await upstairs.metric('upstairs_inventory_bytes')).toBe(total);
    const ended = await upstairs.metric('upstairs_inventory_ended_timestamp_seconds');
    expect(Math.abs(Date.now() / 1000 - ended)).toBeLessThan(300);
    expect(upstairs.logs).toContainEqual(expect.objectContaining({ event: 'inventory', objects: count, bytes: total }));
    expect(recorded(state)).toEqual({ ended: 1, objects: expected });

    // The next start has nothing to do, and the lock is free.
    await upstairs.kill();
    store.seen.length = 0;
    const next = await startUpstairs({ config });
    onTestFinished(() => next.dispose());
    expect(await next.metric('upstairs_inventory_objects')).toBe(count);
    expect(store.seen.filter(({ query }) => query.has('list-type'))).toEqual([]);
    expect((await inventory(config)).code).toBe(0);
  });
});

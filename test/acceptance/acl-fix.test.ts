import { type ChildProcess, execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PutObjectAclCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { merge, type PlainConfig } from '../support/base-config.ts';
import { byKey } from '../support/by-key.ts';
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { programEnv } from '../support/program-env.ts';
import { sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig } from '../support/upstairs.ts';
import { clientBucket, type WriteWorld, writeWorld } from '../support/write-world.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const run = promisify(execFile);

/** Runs `upstairs acl fix` to its end. */
function aclFix(config: PlainConfig, ...args: string[]): Promise<Ended> & { readonly child: ChildProcess } {
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  const running = run(execPath, [program, 'acl', 'fix', '-c', file, ...args], { env: programEnv, timeout: 30_000 });
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

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const folder = 'media_attachments/files';
const key = {
  forgotten: `${folder}/001/forgotten.jpg`,
  odd: `${folder}/002/odd name+ü & <1>.jpg`,
  below: `${folder}/003/below.jpg`,
  public: `${folder}/004/public.jpg`,
  closedFile: `${folder}/005/closed-file.jpg`,
  suspended: `${folder}/006/suspended.jpg`,
  archive: 'backups/dumps/001/archive.zip',
  mastodons: `${folder}/007/mastodons.jpg`,
  ours: `${folder}/008/ours.jpg`,
};
const wrong = [key.forgotten, key.odd, key.below];
const canary = 'upstairs-canary.txt';
const onPurpose = [key.closedFile, key.suspended, key.archive, key.mastodons, key.ours];

/** A bucket that rclone filled without --s3-acl, with `serve` beside it, and the configuration of a command that works on both. */
interface Filled {
  readonly at: WriteWorld;
  readonly config: PlainConfig;
  /** Between the command and the store. */
  readonly store: FaultProxy;
}

async function filled(atEnd: (end: () => Promise<unknown>) => void): Promise<Filled> {
  const rgw = sharedRgw();
  const stateDir = scratch('state');
  const files = {
    [key.below]: Buffer.from('below'),
    [key.closedFile]: { bytes: Buffer.from('closed'), mode: 0o600 },
    [canary]: Buffer.from('x'),
  };
  const at = await writeWorld({ files, stateDir, config: { phase: 'front' }, atEnd });
  const put = (Key: string, more: object = {}) =>
    rgw.client.send(
      new PutObjectCommand({ Bucket: at.bucket, Key, Body: 'x', Metadata: { mtime: '1614834367.1' }, ...more }),
    );
  for (const Key of [...wrong, key.closedFile, key.suspended, key.archive]) await put(Key);
  await put(key.public, { ACL: 'public-read' });
  await put(key.mastodons, { Metadata: {}, CacheControl: 'public, max-age=315576000, immutable' });
  await put(key.ours, { Metadata: { mtime: '1614834367.1', 'upstairs-copy': 'an-attempt' } });
  await suspend(at, key.suspended);
  const store = await faultProxy(rgw.endpoint);
  atEnd(() => store.close());
  const config = baseConfig({ endpoint: store.endpoint, bucket: at.bucket, root: at.root, stateDir });
  return { at, config, store };
}

/** An old MinIO, say, which hides one of the keys. */
async function oldBucket(hidden: string, shown: string): Promise<PlainConfig> {
  const rgw = sharedRgw();
  const bucket = await rgw.freshBucket('old');
  for (const [Key, ACL] of [
    [hidden, 'private'],
    [shown, 'public-read'],
  ] as const)
    await rgw.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x', ACL }));
  const keys = { accessKey: 'test', secretKey: 'testtest' };
  return { type: 's3', name: 'old-bucket', endpoint: rgw.endpoint, bucket, acls: true, ...keys };
}

function suspend(at: WriteWorld, Key: string) {
  return at.client().send(new PutObjectAclCommand({ Bucket: clientBucket, Key, ACL: 'private' }));
}

const isPublic = (at: WriteWorld) => async (name: string) => (await at.facts(name))?.isPublic;
const all = (keys: readonly string[], value: boolean) => Object.fromEntries(keys.map((name) => [name, value]));

describe.skipIf(needs('ceph').skip)('upstairs acl fix', () => {
  const ends: (() => Promise<unknown>)[] = [];
  let at: Filled['at'];
  let config: Filled['config'];
  let store: Filled['store'];
  beforeAll(async () => {
    expect(Object.values(key).length).toBe(wrong.length + onPurpose.length + 1);
    ({ at, config, store } = await filled((end) => ends.push(end)));
  });
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  // As rclone left it.
  beforeEach(async () => {
    for (const proxy of [store, at.store]) proxy.decide = () => 'pass';
    for (const Key of wrong) await setAcl(Key, 'private');
  });
  const setAcl = (Key: string, ACL: 'private' | 'public-read') =>
    at.rgw.client.send(new PutObjectAclCommand({ Bucket: at.bucket, Key, ACL }));

  test('only counts, unless it is told to do it', async () => {
    const before = store.seen.length;
    const { code, out } = await aclFix(config);
    expect({ code, out }).toMatchObject({ code: 2 });
    expect(out).toContain(
      '9 objects, 1 public\n3 private that should be public\n5 private on purpose: 1 by media.private, ',
    );
    expect(out).toContain(
      '1 through the write host, 1 by the mode of their file, 1 put up like that through Upstairs, 1 by Mas',
    );
    expect(out).toContain('nothing was changed: add --yes to do it');
    expect(store.seen.length).toBeGreaterThan(before);
    expect(store.seen.filter(({ method }) => method === 'PUT')).toEqual([]);
    expect(await byKey(wrong, isPublic(at))).toEqual(all(wrong, false));
  });

  test('makes public what was put up as private by mistake, and leaves what is private on purpose', async () => {
    const { code, out } = await aclFix(config, '--yes', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      acls: true,
      applied: true,
      whole: true,
      objects: 9,
      public: 1,
      wrong: 3,
      shown: 3,
      exposed: 0,
      hidden: 0,
      private: { prefix: 1, mark: 1, file: 1, upstairs: 1, mastodon: 1 },
      unknown: 0,
      failures: [],
    });
    expect(await byKey([...wrong, key.public], isPublic(at))).toEqual(all([...wrong, key.public], true));
    expect(await byKey(onPurpose, isPublic(at))).toEqual(all(onPurpose, false));
    expect((await at.upstairs.get(`/${key.forgotten}`)).status).toBe(200);
    // A second time there is nothing left to do.
    expect(await aclFix(config)).toMatchObject({ code: 0, out: expect.stringContaining('0 private that should be') });
  });

  test('makes private again what a run left public that was killed while it was suspended', async () => {
    await setAcl(key.suspended, 'public-read');
    const { code, out } = await aclFix(config, '--yes', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ exposed: 1, hidden: 1 });
    expect(await isPublic(at)(key.suspended)).toBe(false);
  });

  test('names what the store did not change, ends with 1, and is simply run again', async () => {
    store.decide = ({ method, path, query }) =>
      method === 'PUT' && path.endsWith(key.below) && query.has('acl') ? { status: 503 } : 'pass';
    const first = await aclFix(config, '--yes');
    expect(first.code).toBe(1);
    expect(first.err).toBe(`${key.below}: the store did not answer\n`);
    expect(first.out).toContain('3 private that should be public; 2 made public');
    store.decide = () => 'pass';
    expect((await aclFix(config, '--yes')).code).toBe(0);
    expect(await byKey(wrong, isPublic(at))).toEqual(all(wrong, true));
  });

  test('tells what it did until the store gave no listing any more', async () => {
    store.decide = ({ query }) => (query.get('list-type') === '2' ? { status: 403 } : 'pass');
    const { code, out, err } = await aclFix(config, '--yes');
    expect(code).toBe(1);
    expect(out).toContain('0 objects, 0 public\n');
    expect(out).toContain('it did not come to the end of the bucket: run it again');
    expect(err).toContain('the store answered 403');
    expect(err).toContain('of the rights of bucket.accessKey');
  });

  test('ended by Ctrl-C finishes what it began, tells what it did, and leaves the rest for the next time', async () => {
    store.decide = ({ method, query }) => (method === 'PUT' && query.has('acl') ? { before: interrupt } : 'pass');
    let interrupt = async () => {};
    const running = aclFix(config, '--yes', '--concurrency', '1');
    // The store answers once the signal has surely arrived, else the next object would have begun.
    interrupt = async () => {
      running.child.kill('SIGINT');
      await sleep(500);
    };
    const { code, out } = await running;
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('; 1 made public') });
    expect(out).toContain('it did not come to the end of the bucket: run it again');
    store.decide = () => 'pass';
    expect(await aclFix(config, '--yes')).toMatchObject({ code: 0, out: expect.stringContaining('2 made public') });
    expect(await byKey(wrong, isPublic(at))).toEqual(all(wrong, true));
    expect(await byKey(onPurpose, isPublic(at))).toEqual(all(onPurpose, false));
  });

  test('leaves alone what an old place, which could not be asked, may hold as private', async () => {
    const gone = join(scratch('unmounted'), 'not-there');
    const disk = { type: 'disk', name: 'basement', root: gone, required: false };
    const silent = { type: 'http', name: 'ocean', url: `http://127.0.0.1:${await freePort()}/system/`, canary };
    const runs = [disk, silent].map(async (source) => {
      const { code, err } = await aclFix({ ...config, sources: [source] }, '--yes');
      expect({ code, err }).toMatchObject({ code: 1 });
      expect(err).toContain(`${key.forgotten}: the source ${source.name} could not be asked`);
    });
    await Promise.all(runs);
    expect(await byKey(wrong, isPublic(at))).toEqual(all(wrong, false));
  });

  describe.skipIf(needs('nginx').skip)('with old places on other machines', () => {
    let nginx: Nginx;
    let basement: PlainConfig;
    beforeAll(async () => {
      chmodSync(at.root, 0o755);
      nginx = await startNginx(
        (port) => `server { listen 127.0.0.1:${port}; location /system/ { alias ${at.root}/; } }`,
      );
      ends.push(() => nginx.stop());
      basement = { type: 'http', name: 'basement', url: `${nginx.url}/system/` };
    });

    test('leaves private what the web server may not read, and what the old bucket hides', async () => {
      const sources = [{ ...basement, canary }, await oldBucket(key.odd, key.forgotten)];
      const { code, out, err } = await aclFix({ ...config, sources }, '--yes', '--json');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(JSON.parse(out)).toMatchObject({ wrong: 2, shown: 2, unknown: 0, private: { file: 2, mark: 1 } });
      const shown = { [key.forgotten]: true, [key.below]: true, [key.odd]: false, [key.closedFile]: false };
      expect(await byKey(Object.keys(shown), isPublic(at))).toEqual(shown);
    });

    test('believes no 404 of a web server without a canary: its disk may not be mounted', async () => {
      const { code, out, err } = await aclFix({ ...config, sources: [basement] }, '--yes');
      expect(code).toBe(1);
      expect(out).toContain('1 private that should be public; 1 made public');
      expect(out).toContain('2 not known: they were left as they are');
      expect(err).toContain('note: the source basement has no canary, so its 404 proves nothing');
      const shown = { [key.forgotten]: false, [key.below]: true, [key.odd]: false, [key.closedFile]: false };
      expect(await byKey(Object.keys(shown), isPublic(at))).toEqual(shown);
    });
  });

  test('does nothing without the state of this very bucket: what was made private would not be known', async () => {
    const other = await sharedRgw().freshBucket();
    await sharedRgw().client.send(new PutObjectCommand({ Bucket: other, Key: 'a.jpg', Body: 'x' }));
    const [empty, wrongBucket] = await Promise.all([
      aclFix(merge(config, { state: { dir: scratch('empty') } }), '--yes'),
      aclFix(merge(config, { bucket: { name: other } }), '--yes'),
    ]);
    expect(empty).toMatchObject({ code: 1, err: expect.stringContaining('there is no ledger at') });
    expect(wrongBucket).toMatchObject({ code: 1, err: expect.stringContaining(`${other} has no identity`) });
    expect(await byKey(wrong, isPublic(at))).toEqual(all(wrong, false));
  });

  // Last: what is suspended stays so.
  const suspended: string[] = [];
  test.each([
    { order: 'before', target: key.forgotten },
    { order: 'after', target: key.below },
  ] as const)(
    'leaves private what is suspended while it runs, when the store hears of it $order its own request',
    async ({ order, target }) => {
      let done: Promise<unknown> = Promise.resolve();
      store.decide = async ({ method, path, query }) => {
        if (method !== 'PUT' || !path.endsWith(target) || !query.has('acl')) return 'pass';
        store.decide = () => 'pass';
        // The mark is durable before the suspension's own request is sent: held back there, the store hears of ours first.
        if (order === 'before') return { before: () => suspend(at, target) };
        let held = () => {};
        const begun = new Promise<void>((resolve) => {
          held = resolve;
        });
        at.store.decide = (request) => {
          if (request.method !== 'PUT' || !request.query.has('acl')) return 'pass';
          held();
          return { delayMs: 500 };
        };
        done = suspend(at, target);
        return { before: () => begun };
      };
      const { code, out } = await aclFix(config, '--yes', '--json', '--concurrency', '1');
      await done;
      expect(code).toBe(0);
      suspended.push(target);
      const left = wrong.length - suspended.length;
      expect(JSON.parse(out)).toMatchObject({ wrong: left, shown: left, private: { mark: 1 + suspended.length } });
      expect(await byKey(wrong, isPublic(at))).toEqual({ ...all(wrong, true), ...all(suspended, false) });
      expect((await at.upstairs.get(`/${target}`)).status).toBe(404);
    },
  );

  test('has nothing to do in a bucket without ACLs', async () => {
    const config = baseConfig({ endpoint: 'http://127.0.0.1:1', bucket: 'media', root: '/nowhere' });
    expect(await aclFix(merge(config, { bucket: { acls: false, reads: 'signed' } }))).toEqual({
      code: 0,
      out: 'bucket.acls is false: there are no ACLs, and nothing to do\n',
      err: '',
    });
  });
});

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pLimit from 'p-limit';
import { expect, onTestFinished } from 'vitest';
import { merge } from './base-config.ts';
import { eventually } from './eventually.ts';
import { mountFaultyDisk } from './faulty-disk.ts';
import { addBadFiles, badRules, makeTree, treeBytes } from './mastodon-tree.ts';
import { type Rgw, sharedRgw } from './rgw.ts';
import { runCommand } from './run-command.ts';
import { runScan } from './run-scan.ts';
import { runVerify } from './run-verify.ts';
import { scratch } from './scratch.ts';
import { baseConfig, startUpstairs, type Upstairs } from './upstairs.ts';

const run = promisify(execFile);
/** Copies at once: what a kill can find in flight. */
const concurrency = 8;

export interface WholeMove {
  readonly files: number;
  /** How often the program is killed in the middle. */
  readonly kills: number;
}

/**
 * A whole move from outside, as an operator makes it: scan, backfill with `kill -9` in its middle, verify, what rclone thinks of it, mending
 * the disk, retiring it, and a life without it. Throws where anything is not as it must be; returns figures to be told.
 */
export async function wholeMove({ files: count, kills }: WholeMove): Promise<string> {
  const phase = phases();
  const rgw = sharedRgw();
  const bucket = await rgw.freshBucket();
  const root = scratch('root');
  const files = makeTree(root, count);
  const bad = addBadFiles(root);
  const keyOf = (what: string) => bad.find((file) => file.what === what)?.key ?? '';
  const disk = await mountFaultyDisk(root, { directIo: true, namesForSeconds: 3600, rules: badRules });
  onTestFinished(() => disk.unmount());
  const stateDir = scratch('state');
  const backfill = { enabled: true, scanEvery: 'off', listEvery: 'off', concurrency, sourceErrors: 1000 };
  const config = merge(baseConfig({ endpoint: rgw.endpoint, bucket, root: disk.mountPoint, stateDir }), {
    backfill,
    copy: { concurrency, retry: { first: '100ms', most: '1s', times: 2 } },
    retire: { quiet: '2s' },
  });

  phase('tree');
  // The state is bound to the bucket before anything is proven about it.
  const bound = await startUpstairs({ config: merge(config, { backfill: { enabled: false } }) });
  onTestFinished(() => bound.dispose());
  await bound.kill('SIGTERM');
  const scan = await runScan(config, ['--json', '--rate', '100000']);
  expect([scan.code, scan.said.map(({ whole, files }) => [whole, files])]).toEqual([2, [[true, count + 2]]]);
  expect(
    scan.said.flatMap(({ findingsByKind }) => findingsByKind.map(({ kind, count: n }) => `${kind} ${n}`)).sort(),
  ).toEqual(['odd-name 4', 'symlink 1', 'unlistable 1']);

  phase('scan');
  const began = performance.now();
  let upstairs = await start(config);
  for (let kill = 1; kill <= kills; kill++) {
    const at = Math.floor((count * (kill - 1 + Math.random())) / kills);
    await eventually(async () => expect(await copied(upstairs)).toBeGreaterThanOrEqual(at), {
      withinMs: 600_000,
      everyMs: 100,
    });
    await upstairs.kill('SIGKILL');
    upstairs = await start(config);
  }
  await eventually(async () => expect(await copied(upstairs)).toBe(count), { withinMs: 600_000, everyMs: 200 });
  const seconds = (performance.now() - began) / 1000;
  await eventually(async () => expect(await upstairs.metric('upstairs_ledger_keys', { status: 'refused' })).toBe(1), {
    withinMs: 60_000,
  });

  phase('drain');
  const inFlight = kills * concurrency;
  const twice = await uploadedTwice(rgw, bucket, count);
  expect(twice).toBeLessThanOrEqual(inFlight);
  const { paths } = await disk.stats();
  const again = [...files].filter(([key, size]) => (paths[key]?.bytes ?? 0) > size);
  expect(again.length).toBeLessThanOrEqual(inFlight);
  expect([...files].filter(([key, size]) => (paths[key]?.bytes ?? 0) < size)).toEqual([]);

  phase('log');
  const proof = await runVerify(config, ['--json']);
  expect([proof.code, proof.stderr.split('\n').filter((line) => /error/i.test(line))]).toEqual([2, []]);
  const broken = proof.lines.filter((line) => !line.startsWith('='));
  expect(proof.lines.length - broken.length).toBe(count);
  const signs = new Map(broken.map((line) => [line.slice(2), line[0]]));
  expect([signs.get(keyOf('has bad sectors')), signs.get(keyOf('cannot be opened'))]).toEqual(['+', '+']);
  expect(broken.filter((line) => line.startsWith('! ')).length).toBe(6);
  expect(broken.length).toBe(8);

  phase('verify');
  expect(await rclonesLines(rgw, bucket, disk.mountPoint)).toEqual(
    proof.lines.filter(
      (line) =>
        files.has(line.slice(2)) ||
        ['has bad sectors', 'cannot be opened'].some((what) => line.slice(2) === keyOf(what)),
    ),
  );
  phase('rclone');
  expect((await runCommand(['retire', 'basement', '--yes'], config)).code).toBe(2);

  // The disk is mended, as far as disks can be: what could not be read is looked for again, and goes up.
  await disk.setRules([]);
  expect((await runScan(config, ['--json', '--rate', '100000'])).said[0]).toMatchObject({ whole: true, added: 1 });
  await upstairs.kill('SIGTERM');
  const retried = await runCommand(['failures', '--retry'], config);
  expect([retried.code, retried.stderr]).toEqual([0, '']);
  upstairs = await start(config);
  await eventually(async () => expect(await copied(upstairs)).toBe(count + 3), { withinMs: 120_000, everyMs: 200 });

  phase('mend');
  const left = join(scratch('acknowledged'), 'list');
  const second = await runVerify(config, ['--json']);
  const exceptions = second.lines.filter((line) => !line.startsWith('='));
  expect([second.code, exceptions.length]).toEqual([2, 5]);
  writeFileSync(left, exceptions.map((line) => line.slice(2)).join('\n'));
  const last = await runVerify(config, ['--json', '--acknowledged', left]);
  expect([last.code, last.lines.filter((line) => line.startsWith('=')).length]).toEqual([0, count + 3]);

  phase('verify twice');
  await eventually(
    async () => {
      const { code, stdout } = await runCommand(['retire', 'basement'], config);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/safe to unplug: yes/i)]);
    },
    { withinMs: 60_000, everyMs: 1000 },
  );
  expect((await runCommand(['retire', 'basement', '--yes'], config)).code).toBe(0);
  phase('retire');
  await upstairs.kill('SIGTERM');
  await disk.unmount();
  renameSync(root, `${root}-away`);
  upstairs = await start(config);
  expect(await notServed(upstairs, [...files])).toEqual([]);
  phase('serve');
  return `${count} files, ${kills} kills: ${(count / seconds).toFixed(0)} files/s, ${twice} uploaded twice, ${again.length} read again`;
}

/** Tells how long each part took: what a run that is cut off was at. */
function phases(): (name: string) => void {
  let last = performance.now();
  return (name) => {
    console.log(`whole move: ${name} ${((performance.now() - last) / 1000).toFixed(1)} s`);
    last = performance.now();
  };
}

async function start(config: ReturnType<typeof baseConfig>): Promise<Upstairs> {
  const upstairs = await startUpstairs({ config });
  onTestFinished(() => upstairs.dispose());
  return upstairs;
}

function copied(upstairs: Upstairs): Promise<number> {
  return upstairs.metric('upstairs_ledger_keys', { status: 'copied' });
}

/** Keys of which the store was given the bytes more than once. */
async function uploadedTwice(rgw: Rgw, bucket: string, count: number): Promise<number> {
  const times = new Map<string, number>();
  // The bucket itself was made by a PUT too.
  for (const { method, path, status } of await rgw.requests())
    if (method === 'PUT' && status === 200 && path.startsWith(`/${bucket}/`) && path !== `/${bucket}/`)
      times.set(path, (times.get(path) ?? 0) + 1);
  const uploads = [...times].filter(([path]) => !path.includes('/_upstairs/'));
  // A log without them would prove nothing.
  expect(uploads.length).toBe(count);
  return uploads.filter(([, n]) => n > 1).length;
}

/** What `rclone check --combined` says of keys that both know, sorted. */
async function rclonesLines(rgw: Rgw, bucket: string, root: string): Promise<string[]> {
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', RCLONE_CONFIG: '/dev/null', TZ: 'UTC' };
  const remote = `:s3,provider=Ceph,access_key_id=${rgw.accessKey},secret_access_key=${rgw.secretKey},endpoint='${rgw.endpoint}':${bucket}`;
  const combined = join(scratch('rclone'), 'combined');
  const odd = ['--exclude', '_upstairs/**', '--exclude', 'media_attachments/files/109/999/999/999/999/00[3-8]/**'];
  const args = ['check', '--checkers', '4', ...odd, '--combined', combined, root, remote];
  // It ends with 1 where it finds a difference, or cannot read.
  await run('rclone', args, { env, maxBuffer: 64e6 }).catch((error: { code?: unknown }) => {
    if (error.code !== 1) throw error;
  });
  return readFileSync(combined, 'utf8').split('\n').filter(Boolean).sort();
}

/** Keys that a reader does not get with their own bytes. */
async function notServed(upstairs: Upstairs, files: readonly [string, number][]): Promise<string[]> {
  const limit = pLimit(16);
  const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');
  const answers = files.map(([key, size]) =>
    limit(async () => {
      const { status, body } = await upstairs.get(`/${key}`);
      return status === 200 && md5(body) === md5(treeBytes(key, size)) ? [] : [`${status} ${key}`];
    }),
  );
  return (await Promise.all(answers)).flat();
}

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pLimit from 'p-limit';
import { Agent, request } from 'undici';
import { openLedger } from '../src/app/wire-ledger.ts';
import { eventually } from '../test/support/eventually.ts';
import { mountFaultyDisk } from '../test/support/faulty-disk.ts';
import { mastodonKey, writeMedia } from '../test/support/media-files.ts';
import { scratch } from '../test/support/scratch.ts';
import { cpuSeconds } from './cpu.ts';
import { median, spread } from './median.ts';
import type { Item, Stage } from './stage.ts';
import { scanWithUpstairs, startUpstairs } from './upstairs.ts';

const run = promisify(execFile);

/** Viewers who ask at once. */
const viewers = 16;
const minutes = 60_000;

/** One way to get a tree of files into a bucket. */
type Copy = (stage: Stage, root: string, items: readonly Item[]) => Promise<{ seconds: number; cpuSeconds: number }>;

export interface Copied {
  readonly name: string;
  readonly filesPerSecond: number;
  readonly cpuMsPerFile: number;
  /** Bytes read from the disk, as a multiple of the files' size. */
  readonly readTimes: number;
  readonly spread: number;
}

/** A tree of files, and how large it is. */
export interface Tree {
  readonly root: string;
  readonly items: readonly Item[];
  readonly bytes: number;
}

/** Two or more ways, to be compared. */
export type Sides = Readonly<Record<string, Copy>>;

/** Files go up because somebody looks at them. */
export const viewing: Sides = {
  'Upstairs, serving each file to a viewer': copyWithUpstairs,
  '`rclone copy --transfers 4`': (stage, root) => copyWithRclone(stage, root, 4),
};

/** Files go up though nobody looks at them. */
export const draining: Sides = {
  'Upstairs, `scan` and then the backfill': drainWithUpstairs,
  '`rclone copy --transfers 16`': (stage, root) => copyWithRclone(stage, root, 16),
};

/** Copies the same files with both, in turn; and once more from a disk that counts what is read from it. */
export async function measureCopying(stage: Stage, tree: Tree, rounds: number, sides: Sides): Promise<Copied[]> {
  const results = Object.keys(sides).map(() => ({ rates: [] as number[], costs: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [side, copy] of Object.values(sides).entries()) {
      const { seconds, cpuSeconds } = await copy(stage, tree.root, tree.items);
      results[side]!.rates.push(tree.items.length / seconds);
      results[side]!.costs.push((cpuSeconds / tree.items.length) * 1000);
    }
  }
  const copied: Copied[] = [];
  for (const [side, [name, copy]] of Object.entries(sides).entries()) {
    const { rates, costs } = results[side]!;
    copied.push({
      name,
      filesPerSecond: median(rates),
      cpuMsPerFile: median(costs),
      readTimes: await readTimes(stage, tree, copy),
      spread: Math.max(spread(rates), spread(costs)),
    });
  }
  return copied;
}

/** Writes so many pictures of 15-45 kB, and five videos. */
export async function makeColdTree(count: number): Promise<Tree> {
  const items = Array.from({ length: count }, (_, n): Item => {
    const chance = createHash('sha256').update(`size ${n}`).digest().readUInt32BE() / 2 ** 32;
    return { key: mastodonKey(n, 'jpg'), size: Math.round(15_000 + 30_000 * chance) };
  });
  for (let n = 0; n < 5; n++) items.push({ key: mastodonKey(count + n, 'mp4'), size: 40_000_000 });
  return await written(items);
}

/** Writes files of the sizes that an instance has: mostly pictures of 5-100 kB, and a video among hundred. The same sizes every time. */
export async function makeTree(count: number): Promise<Tree> {
  const items = Array.from({ length: count }, (_, n): Item => {
    const chance = createHash('sha256').update(`size ${n}`).digest().readUInt32BE() / 2 ** 32;
    if (n % 100 === 99) return { key: mastodonKey(n, 'mp4'), size: Math.round(1e6 + chance * 3e6) };
    return { key: mastodonKey(n, 'jpg'), size: Math.round(5_000 * 20 ** chance) };
  });
  return await written(items);
}

async function written(items: readonly Item[]): Promise<Tree> {
  const root = scratch('tree');
  for (const { key, size } of items) await writeMedia(root, key, randomBytes(size));
  await run('sync');
  return { root, items, bytes: items.reduce((sum, { size }) => sum + size, 0) };
}

async function readTimes(stage: Stage, { root, items, bytes }: Tree, copy: Copy): Promise<number> {
  await using disk = await mountFaultyDisk(root, { directIo: true });
  await copy(stage, disk.mountPoint, items);
  return (await disk.stats()).bytes_read / bytes;
}

/** From the first viewer's request until the ledger has every file as copied. */
async function copyWithUpstairs(stage: Stage, root: string, items: readonly Item[]) {
  const stateDir = scratch('state');
  await using upstairs = await startUpstairs(stage, { bucket: await stage.freshBucket(), root, stateDir }, {});
  const ledger = openLedger(join(stateDir, 'ledger.db'));
  const agent = new Agent({ connections: viewers });
  const began = { ms: performance.now(), cpu: cpuSeconds(upstairs.pid) };
  try {
    const limit = pLimit(viewers);
    const view = async ({ key, size }: Item) => {
      const { body } = await request(`${upstairs.url}/${key}`, { headers: { host: 'files.test' }, dispatcher: agent });
      const got = (await body.arrayBuffer()).byteLength;
      if (got !== size) throw new Error(`${key}: ${got} of ${size} bytes`);
    };
    await Promise.all(items.map((item) => limit(() => view(item))));
    const all = async () => (await ledger.counts(Date.now())).byStatus.copied === items.length;
    await eventually(all, { withinMs: 5 * minutes, everyMs: 50 });
    return { seconds: (performance.now() - began.ms) / 1000, cpuSeconds: cpuSeconds(upstairs.pid) - began.cpu };
  } finally {
    await agent.close();
    await ledger.close();
  }
}

/** The whole scan, and from the program's start until the ledger has every file as copied. */
async function drainWithUpstairs(stage: Stage, root: string, items: readonly Item[]) {
  const place = { bucket: await stage.freshBucket(), root, stateDir: scratch('state') };
  const config = {
    backfill: { enabled: true, scanEvery: 'off', listEvery: 'off', concurrency: 16 },
    copy: { concurrency: 16 },
  };
  const scanned = await scanWithUpstairs(stage, place, config);
  const beganMs = performance.now();
  await using upstairs = await startUpstairs(stage, place, config);
  const ledger = openLedger(join(place.stateDir, 'ledger.db'));
  try {
    const all = async () => (await ledger.counts(Date.now())).byStatus.copied === items.length;
    await eventually(all, { withinMs: 10 * minutes, everyMs: 50 });
    const seconds = (performance.now() - beganMs) / 1000;
    return { seconds: scanned.seconds + seconds, cpuSeconds: scanned.cpuSeconds + cpuSeconds(upstairs.pid) };
  } finally {
    await ledger.close();
  }
}

/** The whole run of rclone, its start included. */
async function copyWithRclone(stage: Stage, root: string, transfers: number) {
  const { endpoint, accessKey, secretKey } = stage.store;
  const remote = `:s3,provider=Ceph,env_auth=true,acl=public-read,endpoint="${endpoint}":${await stage.freshBucket()}`;
  const env = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    RCLONE_CONFIG: '/dev/null',
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    TIMEFORMAT: 'took %R %U %S',
  };
  const timed = 'time taskset -c "$1" rclone copy --transfers "$2" "$3" "$4"';
  const args = ['-c', timed, 'bash', stage.cores.server, String(transfers), root, remote];
  const { stderr } = await run('bash', args, { env, timeout: 5 * minutes });
  const [, seconds, user, system] = /took (\S+) (\S+) (\S+)/.exec(stderr)?.map(Number) ?? [];
  return { seconds: seconds!, cpuSeconds: user! + system! };
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';
import { afterDeath } from './after-death.ts';
import { eventually } from './eventually.ts';

const program = fileURLToPath(new URL('faulty_disk.py', import.meta.url));
const run = promisify(execFile);

/** What the disk does wrong; the head of faulty_disk.py says what each field means. */
export interface DiskRule {
  match?: string;
  op?: 'lookup' | 'getattr' | 'open' | 'read' | 'readdir' | '*' | (string & {});
  delay_ms?: number;
  jitter_ms?: number;
  hang?: boolean;
  errno?: string | null;
  after_bytes?: number;
  short_read?: number;
  flip_bit?: boolean | number;
  probability?: number;
}

export type DiskRules = DiskRule[] | { rules?: DiskRule[]; iops?: number; bandwidth?: number };

export interface DiskStats {
  pid: number;
  mounted: boolean;
  rules_loaded: number;
  rules_error: string | null;
  ops: Record<string, number>;
  /** Per operation and errno. */
  errors: Record<string, Record<string, number>>;
  bytes_read: number;
  reads_in_flight_max: number;
  paths: Record<string, { opens: number; reads: number; bytes: number; errors: number }>;
  in_flight: { op: string; path: string; offset: number; since: number }[];
}

export interface FaultyDisk extends AsyncDisposable {
  mountPoint: string;
  /** Resolves once the rules are in force (hung operations that no rule holds any more go on). */
  setRules(rules: DiskRules): Promise<void>;
  /** The counters, once they have stood still for 250 ms. */
  stats(): Promise<DiskStats>;
  /** How much of a file was read from the disk; exact with `directIo` only. */
  bytesRead(path: string): Promise<number>;
  unmount(): Promise<void>;
}

/**
 * Mounts a directory once more, through a disk that fails on command. Read-only unless `writable`. `namesForSeconds`: the kernel keeps names
 * and attributes, as it does of a real disk; for large trees that nothing changes below, and rules about reading. `ignoreCase`: as exFAT, HFS+
 * and SMB do.
 */
export async function mountFaultyDisk(
  sourceDir: string,
  { directIo = false, writable = false, namesForSeconds = 0, ignoreCase = false, rules = [] as DiskRules } = {},
): Promise<FaultyDisk> {
  const dir = await mkdtemp(join(tmpdir(), 'upstairs-disk-'));
  const mountPoint = join(dir, 'mnt');
  const rulesFile = join(dir, 'rules.json');
  const statsFile = join(dir, 'stats.json');
  await mkdir(mountPoint);
  await writeFile(rulesFile, JSON.stringify(rules));
  const spare = afterDeath('fusermount3 -uz "$1/mnt"; rmdir "$1/mnt" && rm -rf --one-file-system "$1"', dir);

  const flags = [
    ...(directIo ? ['--direct-io'] : []),
    ...(writable ? ['--rw'] : []),
    ...(ignoreCase ? ['--ignore-case'] : []),
    '--names-for',
    String(namesForSeconds),
  ];
  const args = [program, sourceDir, mountPoint, '--rules', rulesFile, '--stats', statsFile, ...flags];
  const disk = spawn('/usr/bin/python3', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const readStats = async (): Promise<DiskStats & { written: number }> => JSON.parse(await readFile(statsFile, 'utf8'));

  async function unmount(): Promise<void> {
    if (running(disk)) {
      disk.kill('SIGTERM');
      await Promise.race([once(disk, 'exit'), sleep(5000, undefined, { ref: false })]);
    }
    if (running(disk)) disk.kill('SIGKILL');
    await run('fusermount3', ['-uz', mountPoint]).catch(() => {}); // "not mounted" is what we hope for
    await rmdir(mountPoint).catch(missing); // never recursive: it might be the source that we delete
    await rm(dir, { recursive: true, force: true });
    spare();
  }

  async function statsNow(): Promise<DiskStats> {
    const { written } = await readStats();
    disk.kill('SIGUSR1');
    const { written: _, ...seen } = await eventually(async () => {
      const next = await readStats();
      return next.written > written && next;
    });
    return seen;
  }

  async function stats(): Promise<DiskStats> {
    const deadline = Date.now() + 5000;
    let seen = await statsNow();
    for (;;) {
      await sleep(260);
      const next = await statsNow();
      if (Date.now() >= deadline || isDeepStrictEqual(next, seen)) return next;
      seen = next;
    }
  }

  try {
    await mounted(disk);
  } catch (error) {
    await unmount();
    throw error;
  }
  return {
    mountPoint,
    stats,
    unmount,
    async setRules(next) {
      const { rules_loaded: before } = await readStats();
      await writeFile(`${rulesFile}.tmp`, JSON.stringify(next));
      await rename(`${rulesFile}.tmp`, rulesFile);
      const now = await eventually(async () => {
        const seen = await readStats();
        return (seen.rules_loaded > before || seen.rules_error !== null) && seen;
      });
      if (now && now.rules_error !== null) throw new Error(`bad rules: ${now.rules_error}`);
    },
    bytesRead: async (path) => (await stats()).paths[path]?.bytes ?? 0,
    [Symbol.asyncDispose]: unmount,
  };
}

function running(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** Waits for the line that says so; a disk that cannot be mounted says why. */
async function mounted(disk: ChildProcess): Promise<void> {
  let complaints = '';
  disk.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const lines = createInterface({ input: disk.stdout! });
  const line = await Promise.race([once(lines, 'line'), once(disk, 'exit').then(() => ['']), sleep(10_000, [''])]);
  if (!String(line[0]).startsWith('mounted ')) throw new Error(`the faulty disk was not mounted: ${complaints}`);
}

function missing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

import { constants } from 'node:fs';
import { access, realpath, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Area } from './area.ts';
import { error, type Finding, ok, warning } from './finding.ts';
import { mountOf, mountsHere } from './mounts.ts';

export interface StateAreaOptions {
  readonly dir: string;
  /** Space that spool files may take, in bytes. */
  readonly spoolBytes: number;
  /** Effective user id of this process. */
  readonly uid: number;
  /** Whether the ledger belongs to a bucket already, and its marks are missing or empty. */
  readonly marksLost: () => boolean;
  /** What is wrong with a database of the state, in SQLite's words; undefined: nothing. */
  readonly databaseProblem: (file: 'marks.db' | 'ledger.db', signal: AbortSignal) => Promise<string | undefined>;
}

const limitMs = 60_000;
const network = "SQLite's locks and WAL are not safe on network file systems";
const lost = error(
  'state.marks.db',
  'is missing or empty beside a ledger that belongs to a bucket: what was deleted and hidden is not known',
  'marks.db, which belongs to that ledger',
  'restore a backup (upstairs ledger restore), or accept the loss by name (upstairs serve --accept-loss BUCKET)',
);
const unsafe: Record<string, string> = {
  tmpfs: 'it is memory: a restart forgets what was deleted',
  ramfs: 'it is memory: a restart forgets what was deleted',
  overlay: 'it is the writable layer of a container: it goes with the container',
  nfs: network,
  nfs4: network,
  cifs: network,
  smb3: network,
  ceph: network,
  'fuse.sshfs': network,
  'fuse.rclone': network,
  'fuse.glusterfs': network,
  '9p': network,
};

/** The state directory, or the one in which it will be created. Writes nothing. */
export function stateArea(options: StateAreaOptions): Area {
  return { name: 'state', limitMs, run: (signal) => examineState(options, signal) };
}

async function* examineState(options: StateAreaOptions, signal: AbortSignal): AsyncGenerator<Finding> {
  const dir = await nearestExisting(options.dir);
  const mount = mountOf(dir, await mountsHere());
  if (mount) yield fileSystemVerdict(mount.type);
  const { bavail, bsize } = await statfs(dir);
  yield spaceVerdict(bavail * bsize, options.spoolBytes);
  const { uid } = await stat(dir);
  yield ownerVerdict(uid, options.uid);
  yield await (options.marksLost() ? lost : database(options, 'marks.db', signal));
  yield await database(options, 'ledger.db', signal);
}

async function database(
  { dir, databaseProblem }: StateAreaOptions,
  file: 'marks.db' | 'ledger.db',
  signal: AbortSignal,
): Promise<Finding> {
  const check = `state.${file}`;
  try {
    await access(join(dir, file), constants.R_OK);
  } catch (cause) {
    const { code = 'unknown error' } = cause as { code?: string };
    if (code === 'ENOENT') return ok(check, 'not there yet');
    return error(
      check,
      `cannot be read (${code})`,
      'a state that this user may read',
      'run this as the user that serve runs as',
    );
  }
  const problem = await databaseProblem(file, signal);
  if (problem === undefined) return ok(check, 'sound');
  return error(
    check,
    `does not pass its check: ${problem}`,
    'a database that SQLite finds sound',
    'stop serve, keep state.dir aside, and bring the last backup back: upstairs ledger restore',
  );
}

export function fileSystemVerdict(type: string): Finding {
  const why = unsafe[type];
  const check = 'state.filesystem';
  if (why === undefined) return ok(check, type);
  return warning(
    check,
    `state.dir is on ${type}: ${why}`,
    'a local disk that stays (ext4, xfs, btrfs, zfs)',
    'move state.dir to one',
  );
}

export function spaceVerdict(freeBytes: number, spoolBytes: number): Finding {
  const check = 'state.space';
  const found = `${mib(freeBytes)} MiB are free for state.dir`;
  if (freeBytes >= spoolBytes) return ok(check, found);
  return warning(
    check,
    found,
    `spool.disk (${mib(spoolBytes)} MiB) and room to grow`,
    'make room, or set spool.disk lower',
  );
}

export function ownerVerdict(owner: number, uid: number): Finding {
  if (uid !== 0 || owner === 0) return ok('user', 'looks at things as their owner');
  return warning(
    'user',
    `this check runs as root, and state.dir belongs to user ${owner}`,
    'the user that serve runs as: root may read everything, so that missing rights do not show',
    'run it as that user: sudo -u USER upstairs check',
  );
}

async function nearestExisting(dir: string): Promise<string> {
  try {
    return await realpath(dir);
  } catch (cause) {
    const parent = dir.slice(0, Math.max(dir.lastIndexOf('/'), 1));
    if ((cause as { code?: string }).code !== 'ENOENT' || parent === dir) throw cause;
    return nearestExisting(parent);
  }
}

function mib(bytes: number): number {
  return Math.round(bytes / (1 << 20));
}

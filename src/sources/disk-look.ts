import { lstat, opendir, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type DirectoryIdentity, directoryIn } from './directory-identity.ts';

/** A symlink on a disk that leads to a directory elsewhere, both as the operator named them. */
export interface DiskLink {
  /** Path below the root, without slashes at its ends. */
  readonly link: string;
  /** Absolute path of the directory that it leads to. */
  readonly to: string;
}

/** A directory as it was found, with its real path. */
export interface SeenDirectory extends DirectoryIdentity {
  readonly path: string;
}

/** A directory cannot be used as a disk. The message says why, in words that follow its path. */
export class DiskAbsentError extends Error {
  override readonly name = 'DiskAbsentError';
  readonly code = 'DISK_ABSENT';
}

/**
 * Looks at a directory of media: it must be there, not empty (an empty one is a mount point without its disk), and open to this user, and
 * what is declared as a link must be one. Does not follow the links: the disk that one leads to may hang.
 * @throws DiskAbsentError
 */
export async function lookAtDisk(root: string, links: readonly DiskLink[]): Promise<SeenDirectory> {
  try {
    const path = await realpath(root);
    const stats = await stat(path, { bigint: true });
    const first = await firstEntry(path);
    if (first === undefined) throw new DiskAbsentError('is empty: is the disk mounted?');
    await mustSearch(join(path, first));
    for (const link of links) await mustLead(path, link);
    return { path, ...directoryIn(stats) };
  } catch (error) {
    if (error instanceof DiskAbsentError) throw error;
    throw new DiskAbsentError(reason(error), { cause: error });
  }
}

async function firstEntry(path: string): Promise<string | undefined> {
  const directory = await opendir(path);
  try {
    return (await directory.read())?.name;
  } finally {
    await directory.close();
  }
}

/** A single damaged entry is no reason to leave the rest of a dying disk behind, so only a directory that is closed to us is refused. */
async function mustSearch(entry: string): Promise<void> {
  try {
    await lstat(entry);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
  }
}

async function mustLead(root: string, { link, to }: DiskLink): Promise<void> {
  const place = join(root, link);
  const target = await readlink(place).catch(() => undefined);
  if (target === undefined) throw new DiskAbsentError(`has no symlink at ${link}, as alsoAllow says`);
  if (resolve(dirname(place), target) !== resolve(to))
    throw new DiskAbsentError(`has a symlink at ${link} that leads elsewhere than alsoAllow says`);
}

function reason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist: is the disk mounted?';
  if (code === 'ENOTDIR') return 'is not a directory';
  if (code === 'EACCES') return 'is not readable for this user';
  return `can't be read (${code ?? 'unknown error'})`;
}

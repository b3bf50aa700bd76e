import { lstatSync, opendirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { codeOf } from './error-code.ts';

/** A directory to look at, and what must be symlinks in it. */
export interface RootToLook {
  readonly path: string;
  readonly links: readonly { readonly link: string; readonly to: string }[];
}

/** What was seen, or in words what is wrong. `links`: what is wrong with each link, in their order. */
export type RootSeen =
  | { readonly realPath: string; readonly device: number; readonly links: readonly (string | undefined)[] }
  | { readonly message: string };

const notReadable = 'is not readable: give this user r-x on it and on the directories above it';

/** Opens and looks instead of asking access(2), which answers for the real user and not for the effective one. Blocks. */
export function lookAtRoot({ path, links }: RootToLook): RootSeen {
  try {
    const stats = statSync(path);
    if (!stats.isDirectory()) return { message: 'is not a directory' };
    const first = firstEntry(path);
    if (first === undefined) return { message: 'is empty: is the disk mounted?' };
    if (!maySearch(join(path, first))) return { message: notReadable };
    const realPath = realpathSync(path);
    return { realPath, device: stats.dev, links: links.map(({ link, to }) => linkProblem(realPath, link, to)) };
  } catch (error) {
    return { message: reason(error) };
  }
}

function firstEntry(path: string): string | undefined {
  const directory = opendirSync(path);
  try {
    return directory.readSync()?.name;
  } finally {
    directory.closeSync();
  }
}

/** A single damaged entry is no reason to leave the rest of a dying disk behind, so other errors count as a yes. */
function maySearch(entry: string): boolean {
  try {
    lstatSync(entry);
    return true;
  } catch (error) {
    return codeOf(error) !== 'EACCES';
  }
}

/** Does not follow the link: the disk that it leads to is looked at for itself. */
function linkProblem(root: string, link: string, to: string): string | undefined {
  const place = join(root, link);
  try {
    if (resolve(dirname(place), readlinkSync(place)) === resolve(to)) return undefined;
    return 'leads elsewhere than its "to" says: write there what readlink says';
  } catch (error) {
    // What readlink(2) says of anything that is no symlink.
    if (codeOf(error) === 'EINVAL') return 'is no symlink: its files are found without it';
    return codeOf(error) === 'ENOENT' ? 'does not exist' : `can't be read (${codeOf(error)})`;
  }
}

function reason(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'does not exist: is the disk mounted?';
  if (code === 'EACCES') return notReadable;
  return `can't be read (${code})`;
}

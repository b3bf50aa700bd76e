import { glob, lstat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { keyProblem } from '../src/media/key.ts';

/** A file that readers may ask for. */
export interface MediaFile {
  readonly key: string;
  /** Where it is on the disk. */
  readonly path: string;
  readonly size: number;
}

export interface MediaTree {
  /** In the order of their keys. */
  readonly files: readonly MediaFile[];
  /** Files that the program does not serve: private ones, and names that are no keys. */
  readonly leftOut: number;
}

/** Prefixes that are never served: `media.private`, as it is unless configured. */
const privatePrefixes = ['backups/', 'imports/'];

/** Reads a tree of media, and changes nothing in it. Symbolic links are not followed. */
export async function readMediaTree(root: string): Promise<MediaTree> {
  const files: MediaFile[] = [];
  let leftOut = 0;
  for await (const name of glob('**', { cwd: root })) {
    const path = join(root, name);
    const stats = await lstat(path);
    if (!stats.isFile()) continue;
    const key = name.split(sep).join('/');
    // Paperclip closes files to group and others to hide them.
    const hidden = (stats.mode & 0o044) === 0 || privatePrefixes.some((prefix) => key.startsWith(prefix));
    if (hidden || keyProblem(key) !== undefined) leftOut += 1;
    else files.push({ key, path, size: stats.size });
  }
  files.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { files, leftOut };
}

/** The path of a key in a URL. */
export function urlPath(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

import { existsSync } from 'node:fs';
import { chmod, link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flush } from './stored-file.ts';

export interface NewFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** Those that are there already. */
export function existing(files: readonly NewFile[]): string[] {
  return files.map(({ path }) => path).filter((path) => existsSync(path));
}

/**
 * Writes files, each whole or not at all, and none before all their bytes are on the disk. Directories are created where they are missing:
 * for this user alone where a file in them is, and those around as usual. Without `replace`, a file that came into being meanwhile is left
 * (EEXIST), and what was written so far is taken away again.
 */
export async function writeNewFiles(files: readonly NewFile[], { replace }: { replace: boolean }): Promise<void> {
  const end = `.new-${process.pid}`;
  const placed: string[] = [];
  try {
    for (const { path, text, mode } of files) {
      await makeDirectory(dirname(path), mode & 0o077 ? 0o755 : 0o700);
      await writeFile(path + end, text, { mode, flag: 'wx' });
      await chmod(path + end, mode);
      await flush(path + end);
    }
    for (const { path } of files) {
      if (replace) await rename(path + end, path);
      else {
        await link(path + end, path);
        placed.push(path);
      }
    }
  } catch (error) {
    for (const path of placed) await rm(path, { force: true });
    throw error;
  } finally {
    for (const { path } of files) await rm(path + end, { force: true });
  }
  for (const dir of new Set(files.map(({ path }) => dirname(path)))) await flush(dir);
}

/** `recursive` alone would give its mode to all that it creates: who may not enter the outer directory has nothing of what is open in it. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await mkdir(path, { recursive: true, mode });
}

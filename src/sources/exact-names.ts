import { lstat, readdir } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import { SourceReadError } from './source.ts';

/** A file as `stat` told of it. */
interface Seen {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** How a disk is asked. Throws what the operation throws, or that the disk does not answer. */
type Ask = <T>(operation: () => Promise<T>) => Promise<T>;

/** Directories that are known to bear the names they were asked by. Further ones are listed anew. */
const maxDirectories = 10_000;

/**
 * One file, one key, also on file systems that take `A` for `a` (exFAT, HFS+, SMB): they open a file under many names, and of its descriptor
 * they tell the name that it was opened by. Its key is the name that the directories list; a mark on that one must not be passed by.
 */
export class ExactNames {
  readonly #root: string;
  readonly #ask: Ask;
  /** By device: what the first file told whose name has letters. */
  readonly #ignoring = new Map<bigint, boolean>();
  readonly #listed = new LRUCache<string, true>({ max: maxDirectories });

  constructor(root: string, ask: Ask) {
    this.#root = root;
    this.#ask = ask;
  }

  /** Whether a file that was opened as `key` answers to other names too. Looked up once. */
  async ignoreCase(key: string, file: Seen): Promise<boolean> {
    const known = this.#ignoring.get(file.dev);
    if (known !== undefined) return known;
    const other = inOtherCase(key);
    if (other === key) return false;
    let found: Seen | undefined;
    try {
      found = await this.#ask(() => lstat(`${this.#root}/${other}`, { bigint: true }));
    } catch (error) {
      if (error instanceof SourceReadError) throw error;
      // What else is wrong with a name that nobody asked for is not wrong with the file; the next one may tell.
      if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    }
    const ignoring = found?.dev === file.dev && found.ino === file.ino;
    this.#ignoring.set(file.dev, ignoring);
    return ignoring;
  }

  /** Whether each name on the way to the file is listed as it stands. */
  async areListed(key: string): Promise<boolean> {
    const names = key.split('/');
    for (const [depth, name] of names.entries()) {
      const path = names.slice(0, depth + 1).join('/');
      if (this.#listed.has(path)) continue;
      const directory = [this.#root, ...names.slice(0, depth)].join('/');
      if (!(await this.#ask(() => readdir(directory))).includes(name)) return false;
      if (depth < names.length - 1) this.#listed.set(path, true);
    }
    return true;
  }
}

/** What a name is compared by where case, and the ways to write an accent, do not count. */
export function foldedName(path: string): string {
  return path.normalize('NFD').toLowerCase();
}

function inOtherCase(name: string): string {
  return name.replace(/[a-z]/gi, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()));
}

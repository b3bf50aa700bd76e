import { constants, type Dirent } from 'node:fs';
import { access, lstat, open, opendir } from 'node:fs/promises';
import { extname } from 'node:path';

/** The door to a disk that may hang: rejects with `code` TIMEOUT or BUSY, or what the operation fails with. */
export interface Gate {
  read<T>(operation: () => Promise<T>): Promise<T>;
}

/** What a sample of a disk showed. Paths are below the root. */
export interface DiskSample {
  readonly entries: number;
  readonly publicFiles: number;
  /** Of these, files that neither group nor others may read. */
  readonly closedFiles: readonly string[];
  /** Directories that this user may not list or enter. */
  readonly deniedDirectories: readonly string[];
  /** Files whose mode shows them to others, and this user may not read. */
  readonly deniedFiles: readonly string[];
  readonly symlinks: readonly string[];
  /** What the medium does not give any more (EIO). */
  readonly damaged: readonly string[];
  /** Undefined: no file was read. In milliseconds. */
  readonly slowestReadMs: number | undefined;
  /** The disk did not answer one of the questions in time. */
  readonly hung: boolean;
}

export interface WalkOptions {
  readonly root: string;
  readonly gate: Gate;
  readonly isPrivate: (key: string) => boolean;
  readonly maxEntries: number;
  readonly maxMs: number;
  readonly now: () => number;
}

/** Names of one directory that are looked at; a directory may hold a hundred thousand. */
const namesPerDirectory = 64;
const filesRead = 5;
const bytesRead = 64 * 1024;

type Kind = 'directory' | 'file' | 'symlink' | 'other';
interface Entry {
  readonly path: string;
  readonly kind: Kind;
  visits: number;
}

/** Looks at a few files from all over a tree: it goes down from the root again and again, each time where it was least. */
export async function walkDisk(options: WalkOptions): Promise<DiskSample> {
  const walk = new Walk(options);
  await walk.run();
  return walk.sample;
}

class Walk {
  readonly #options: WalkOptions;
  readonly #listings = new Map<string, Entry[]>();
  readonly #began: number;
  readonly sample = {
    entries: 0,
    publicFiles: 0,
    closedFiles: [] as string[],
    deniedDirectories: [] as string[],
    deniedFiles: [] as string[],
    symlinks: [] as string[],
    damaged: [] as string[],
    slowestReadMs: undefined as number | undefined,
    hung: false,
  };
  #read = 0;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#began = options.now();
  }

  async run(): Promise<void> {
    for (let fruitless = 0; fruitless < 20 && !this.#over(); ) {
      const before = this.sample.entries;
      await this.#descend();
      fruitless = this.sample.entries > before ? 0 : fruitless + 1;
    }
  }

  #over(): boolean {
    const { maxEntries, maxMs, now } = this.#options;
    return this.sample.hung || this.sample.entries >= maxEntries || now() - this.#began >= maxMs;
  }

  async #descend(): Promise<void> {
    let path = '';
    while (!this.#over()) {
      const entries = this.#listings.get(path) ?? (await this.#list(path));
      const next = entries.reduce<Entry | undefined>(
        (least, one) => (!least || one.visits < least.visits ? one : least),
        undefined,
      );
      if (next === undefined) return;
      next.visits += 1;
      if (next.visits === 1) this.sample.entries += 1;
      if (next.kind === 'directory') {
        path = next.path;
        continue;
      }
      if (next.visits > 1) return;
      if (next.kind === 'symlink') this.sample.symlinks.push(next.path);
      if (next.kind === 'file') await this.#file(next.path);
      return;
    }
  }

  async #list(path: string): Promise<Entry[]> {
    const names = (await this.#asked(path, this.sample.deniedDirectories, () => firstNames(this.#at(path)))) ?? [];
    const entries: Entry[] = [];
    for (const name of names) {
      const child = path === '' ? name.name : `${path}/${name.name}`;
      entries.push({ path: child, kind: kindOf(name), visits: 0 });
    }
    this.#listings.set(path, entries);
    return entries;
  }

  async #file(path: string): Promise<void> {
    const { sample } = this;
    // A listing without a right to enter (r, no x) fails here: it is the directory that is closed.
    const directory = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
    const stats = await this.#asked(path, sample.deniedDirectories, () => lstat(this.#at(path)), directory);
    if (stats === undefined || this.#options.isPrivate(path)) return;
    sample.publicFiles += 1;
    if ((stats.mode & 0o044) === 0) {
      sample.closedFiles.push(path);
      return;
    }
    const readable = await this.#asked(path, sample.deniedFiles, async () => {
      await access(this.#at(path), constants.R_OK);
      return true;
    });
    if (!readable || this.#read >= filesRead) return;
    this.#read += 1;
    const began = this.#options.now();
    const read = await this.#asked(path, sample.deniedFiles, () => readBeginning(this.#at(path)));
    // A read that failed or hung is told as such.
    if (read !== undefined) sample.slowestReadMs = Math.max(sample.slowestReadMs ?? 0, this.#options.now() - began);
  }

  /** Undefined: it failed, which is noted. What vanishes meanwhile is nobody's fault. */
  async #asked<T>(path: string, denied: string[], operation: () => Promise<T>, closed = path): Promise<T | undefined> {
    try {
      return await this.#options.gate.read(operation);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'EACCES' || code === 'EPERM') note(denied, closed);
      else if (code === 'TIMEOUT' || code === 'BUSY') this.sample.hung = true;
      else if (code !== 'ENOENT' && code !== 'ENOTDIR') note(this.sample.damaged, path);
      return undefined;
    }
  }

  #at(path: string): string {
    return `${this.#options.root}/${path}`;
  }
}

function note(list: string[], path: string): void {
  if (!list.includes(path)) list.push(path);
}

async function firstNames(path: string): Promise<Dirent[]> {
  const directory = await opendir(path);
  try {
    const names: Dirent[] = [];
    for (let name = await directory.read(); name && names.length < namesPerDirectory; name = await directory.read())
      names.push(name);
    return names;
  } finally {
    await directory.close();
  }
}

function kindOf(entry: Dirent): Kind {
  if (entry.isDirectory()) return 'directory';
  if (entry.isFile()) return 'file';
  if (entry.isSymbolicLink()) return 'symlink';
  // Some file systems do not tell; a media file has an extension, and Paperclip's directories have none.
  const special = entry.isSocket() || entry.isFIFO() || entry.isBlockDevice() || entry.isCharacterDevice();
  return special ? 'other' : extname(entry.name) === '' ? 'directory' : 'file';
}

/** Bytes read. */
async function readBeginning(path: string): Promise<number> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return (await handle.read(Buffer.alloc(bytesRead), 0, bytesRead, 0)).bytesRead;
  } finally {
    await handle.close();
  }
}

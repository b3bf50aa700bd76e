import type { BigIntStats, Dir, Dirent } from 'node:fs';
import { lstat, opendir, readdir, stat } from 'node:fs/promises';
import { type ByteName, byteName, bytesOf } from './byte-names.ts';
import { type DirectoryIdentity, directoryIn, sameDirectory } from './directory-identity.ts';
import { DiskGate } from './disk-gate.ts';
import { type Lower, SmallestNames } from './smallest-names.ts';
import { SourceReadError } from './source.ts';
import { SourceListingError } from './source-listing.ts';
import { WalkWidth } from './walk-width.ts';

/** With what `stat` said of the directory when it was known to be the right one. */
export interface WalkDoorOptions extends DirectoryIdentity {
  /** Absolute path of the directory, symlinks resolved. */
  readonly path: string;
  /** Operations on it at once, hung ones included; and how many the walk has under way while all is well. */
  readonly maxOutstanding: number;
  readonly width: number;
  readonly deadlineMs: number;
  /** Names of a large directory that are held at once. */
  readonly heldNames?: number;
}

/** Bytes of a directory whose names are read at once. No file system needs less than a byte a name: these are 65,536 at most. */
const smallDirectoryBytes = 65_536;
/** Names that are held of a larger one, and that one operation reads. */
const heldNamesDefault = 65_536;
const namesPerRead = 1000;
/** Operations that succeed after one that hung show that the disk is alive: some would come out of the kernel's memory. */
const signsOfLife = 64;

/** One directory of media and all below it, through one gate: names and what they are, with a deadline, and gently. */
export class WalkDoor {
  readonly dev: bigint;
  readonly path: string;
  readonly #options: WalkDoorOptions;
  readonly #base: ByteName;
  readonly #gate: DiskGate;
  readonly #width: WalkWidth;
  #successes = signsOfLife;

  constructor(options: WalkDoorOptions) {
    const { path, dev, maxOutstanding, width, deadlineMs } = options;
    this.path = path;
    this.dev = dev;
    this.#options = options;
    this.#base = `${byteName(path)}/`;
    this.#width = new WalkWidth(Math.min(width, maxOutstanding));
    this.#gate = new DiskGate({
      maxOutstanding,
      maxLookups: maxOutstanding,
      maxWaiting: maxOutstanding,
      deadlineMs,
    });
  }

  /**
   * What tells the directory from another one in its place, for as long as it exists. The root of a file system has the same inode on every
   * disk, and a device's number may be another one after a restart, so that stands only for a birth that is not told.
   */
  get fingerprint(): string {
    const { dev, ino, born } = this.#options;
    return born > 0n ? `${ino} born ${born}` : `${ino} on ${dev}`;
  }

  /** Nothing hung lately. */
  get settled(): boolean {
    return this.#successes >= signsOfLife;
  }

  /** Of each name, in their order: what it is, or why that is not known. Names are relative to the directory. */
  async lstats(names: readonly ByteName[]): Promise<(BigIntStats | { readonly code: string })[]> {
    const answers: (BigIntStats | { readonly code: string })[] = [];
    let next = 0;
    const beganMs = performance.now();
    const { width } = this.#width;
    const work = async () => {
      while (next < names.length) {
        const index = next++;
        answers[index] = await this.#told(() => lstat(bytesOf(this.#base + names[index]), { bigint: true }));
      }
    };
    await Promise.all(Array.from({ length: Math.min(width, names.length) }, work));
    this.#width.took(((performance.now() - beganMs) * width) / names.length);
    return answers;
  }

  /**
   * Names in a directory, in order of their bytes, those of directories (and of what `alsoDirectory` says) with a slash: so the keys below come
   * in the order of their bytes too. `size`: as lstat told.
   */
  async names(
    directory: ByteName,
    size: bigint,
    lower: Lower | undefined,
    alsoDirectory: (name: ByteName) => boolean,
  ): Promise<{ readonly names: ByteName[]; readonly more: boolean } | { readonly code: string }> {
    const smallest = new SmallestNames(lower, this.#options.heldNames ?? heldNamesDefault);
    const add = (entries: readonly Dirent<Buffer>[]) => {
      for (const entry of entries) {
        const name = entry.name.toString('latin1');
        smallest.add(entry.isDirectory() || alsoDirectory(name) ? `${name}/` : name);
      }
    };
    const path = bytesOf(this.#base + directory).toString('utf8');
    const small = size > 0n && size <= smallDirectoryBytes;
    const failed = small ? await this.#allAtOnce(path, add) : await this.#inPieces(path, add);
    return failed ?? smallest.taken();
  }

  /** @throws SourceListingError SOURCE_LOST, SOURCE_HUNG */
  async intact(): Promise<void> {
    const { path } = this.#options;
    const now = await this.#told(() => stat(path, { bigint: true }));
    if ('code' in now && now.code === 'TIMEOUT') throw this.#hung();
    if ('code' in now || !sameDirectory(directoryIn(now), this.#options))
      throw new SourceListingError('SOURCE_LOST', {
        found: `${path} is not what it was when the scan began; what was recorded stays as it was`,
        expected: 'the same disk from the beginning to the end',
        todo: 'see whether the disk was unmounted, and scan again',
      });
  }

  async #allAtOnce(path: string, add: (entries: readonly Dirent<Buffer>[]) => void) {
    const entries = await this.#told(() => readdir(path, { withFileTypes: true, encoding: 'buffer' }));
    if ('code' in entries) return entries;
    add(entries);
    return undefined;
  }

  async #inPieces(path: string, add: (entries: readonly Dirent<Buffer>[]) => void) {
    const closed = (directory: Dir) => this.#gate.release(() => directory.close());
    // Node's types know no Buffers here, but it gives them.
    const options = { encoding: 'buffer' as BufferEncoding, bufferSize: namesPerRead };
    const directory = await this.#told(() => opendir(path, options), closed);
    if ('code' in directory) return directory;
    for (;;) {
      const entries = await this.#told(() => someOf(directory));
      if ('code' in entries) {
        closed(directory);
        return entries;
      }
      if (entries.length === 0) break;
      add(entries);
    }
    closed(directory);
    return undefined;
  }

  /** What the operation gives, or the code of what it failed with. */
  async #told<T extends object>(
    operation: () => Promise<T>,
    discard?: (late: T) => void,
  ): Promise<T | { readonly code: string }> {
    try {
      const told = await this.#gate.read(operation, discard);
      this.#successes += 1;
      return told;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof SourceReadError && code === 'BUSY') throw this.#hung();
      // Ours, not the disk's.
      if (code === undefined || code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM') throw error;
      if (code === 'TIMEOUT') this.#successes = 0;
      return { code };
    }
  }

  #hung(): SourceListingError {
    const { path, deadlineMs } = this.#options;
    return new SourceListingError('SOURCE_HUNG', {
      found: `the disk at ${path} does not answer any more (no operation within ${deadlineMs} ms)`,
      expected: 'a disk that answers',
      todo: 'run the scan again when it does, and it goes on where it stood',
    });
  }
}

/** Empty at the end. */
async function someOf(directory: Dir): Promise<Dirent<Buffer>[]> {
  const some: Dirent<Buffer>[] = [];
  while (some.length < namesPerRead) {
    const entry = await directory.read();
    if (entry === null) break;
    some.push(entry as unknown as Dirent<Buffer>);
  }
  return some;
}

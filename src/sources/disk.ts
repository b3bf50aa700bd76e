import type { BigIntStats } from 'node:fs';
import { readlinkSync } from 'node:fs';
import { constants, type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { millisecondsOf } from '../lib/decimal-seconds.ts';
import { FreshCheck } from '../lib/fresh-check.ts';
import type { ObjectMeta } from '../lib/object-meta.ts';
import { type DirectoryIdentity, directoryIn, sameDirectory } from './directory-identity.ts';
import { DiskFile } from './disk-file.ts';
import { DiskGate, type GateLimits, type Urgency } from './disk-gate.ts';
import { ExactNames, foldedName } from './exact-names.ts';
import { type Source, type SourceAnswer, SourceReadError, type SourceTrouble, type Wanted } from './source.ts';

/** O_NONBLOCK: opening a FIFO must not wait for a writer. O_NOFOLLOW: the last part of a name may not be a symlink. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** A name that leads to no file here: not there, a directory in the middle that is none, a symlink, a socket, a name too long. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ENODEV', 'ENAMETOOLONG', 'EISDIR', 'EMLINK']);

export interface DiskOptions extends GateLimits {
  readonly name: string;
  /** Absolute path, symlinks resolved. */
  readonly root: string;
  /** Content headers by key: the extension decides (Mastodon's names follow the MIME type). */
  readonly headersOf: (key: string) => Readonly<Record<string, string>>;
}

/** A directory of media on a local disk, usually a failing one. */
export class DiskSource implements Source {
  readonly name: string;
  readonly #options: DiskOptions;
  readonly #gate: DiskGate;
  readonly #device: DirectoryIdentity;
  readonly #root = new FreshCheck(() => this.#rootIntact());
  readonly #names: ExactNames;

  /** `device` is what `stat` said of the root when it was known to be mounted. `gate`: where the disk has one already. */
  constructor(options: DiskOptions, device: DirectoryIdentity, gate: DiskGate = new DiskGate(options)) {
    this.name = options.name;
    this.#options = options;
    this.#gate = gate;
    this.#device = device;
    this.#names = new ExactNames(options.root, (operation) => this.#gate.lookup(operation));
  }

  /** Looks at the root, which must be there, and makes the source. */
  static async at(options: DiskOptions): Promise<DiskSource> {
    return new DiskSource(options, directoryIn(await stat(options.root, { bigint: true })));
  }

  get load(): { outstanding: number; stuck: number } {
    return this.#gate.load;
  }

  /** It owes so many answers that it is not asked any more until one comes. */
  get hung(): boolean {
    return this.#gate.hung;
  }

  async open(key: string, signal: AbortSignal, wanted: Wanted = 'bytes'): Promise<SourceAnswer> {
    signal.throwIfAborted();
    const urgency: Urgency = wanted === 'bytes-behind' ? 'behind' : 'now';
    let handle: FileHandle | undefined;
    try {
      const opened = await this.#gate.lookup(
        () => openFile(this.#pathOf(key)),
        (late) => this.#discard(late.handle),
        urgency,
      );
      handle = opened.handle;
      if (!opened.stats.isFile() || !(await this.#isExactly(handle, opened.stats, key))) {
        this.#discard(handle);
        return await this.#missing();
      }
      return { kind: 'found', object: this.#found(key, handle, opened.stats, urgency) };
    } catch (error) {
      if (handle) this.#discard(handle);
      return await this.#failed(key, error);
    }
  }

  /** Not normalised: a key with dots in it must not become another one. */
  #pathOf(key: string): string {
    return `${this.#options.root}/${key}`;
  }

  #found(key: string, handle: FileHandle, stats: BigIntStats, urgency: Urgency): DiskFile {
    const meta: ObjectMeta = {
      size: Number(stats.size),
      mtimeMs: millisecondsOf(stats.mtimeNs),
      headers: this.#options.headersOf(key),
    };
    return new DiskFile(handle, this.#gate, meta, stats, this.name, urgency);
  }

  /**
   * One file, one key: the descriptor's own path must be the key's, or some directory on the way was a symlink. Reads
   * /proc, and the disk only where that takes several names for one.
   */
  async #isExactly(handle: FileHandle, stats: BigIntStats, key: string): Promise<boolean> {
    const path = this.#pathOf(key);
    const opened = readlinkSync(`/proc/self/fd/${handle.fd}`);
    // It may tell any of the names, also one that somebody else has asked for.
    if (await this.#names.ignoreCase(key, stats))
      return foldedName(opened) === foldedName(path) && (await this.#names.areListed(key));
    // The kernel's mark on a file that was replaced or removed since it was opened: it was there.
    return opened === path || opened === `${path} (deleted)`;
  }

  async #failed(key: string, error: unknown): Promise<SourceAnswer> {
    if (error instanceof SourceReadError) return unavailable(error.code === 'TIMEOUT' ? 'timeout' : 'busy', error);
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (absent.has(code)) return await this.#missing();
    if (code === 'EIO') return { kind: 'damaged', cause: error };
    if (code === 'EACCES' || code === 'EPERM') return await this.#denied(key, error);
    if (code === 'EMFILE' || code === 'ENFILE') return unavailable('descriptors', error);
    return unavailable('io', error);
  }

  /** A file that is closed to group and others is private; anything else that may not be opened is a wrong set-up. */
  async #denied(key: string, cause: unknown): Promise<SourceAnswer> {
    try {
      const stats = await this.#gate.lookup(() => lstat(this.#pathOf(key)));
      if (stats.isFile() && (stats.mode & 0o044) === 0) return { kind: 'private' };
    } catch {
      // The directory itself may not be searched: then nothing is known of the file, and the first error tells why.
    }
    return unavailable('denied', cause);
  }

  /** An unmounted disk leaves an empty directory behind: that is no absence (I8). The root is looked at after the name was. */
  async #missing(): Promise<SourceAnswer> {
    return (await this.#root.ask()) ? { kind: 'missing' } : unavailable('not-mounted', undefined);
  }

  async #rootIntact(): Promise<boolean> {
    try {
      const now = await this.#gate.read(() => stat(this.#options.root, { bigint: true }));
      return sameDirectory(directoryIn(now), this.#device);
    } catch {
      // Whatever the reason: a root that cannot be looked at proves no absence, which is all that is asked here.
      return false;
    }
  }

  #discard(handle: FileHandle): void {
    this.#gate.release(() => handle.close());
  }
}

async function openFile(path: string): Promise<{ handle: FileHandle; stats: BigIntStats }> {
  const handle = await open(path, openFlags);
  try {
    return { handle, stats: await handle.stat({ bigint: true }) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function unavailable(trouble: SourceTrouble, cause: unknown): SourceAnswer {
  return { kind: 'unavailable', trouble, ...(cause === undefined ? {} : { cause }) };
}

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FileStorage, MemoryStorage, type SpoolStorage } from './spool-storage.ts';

export interface SpoolLimits {
  /** Directory of the files, on no source's device. */
  readonly dir: string;
  /** The sum of what is kept in memory, in bytes. */
  readonly memoryBytes: number;
  /** What is larger goes into a file. */
  readonly memoryObjectBytes: number;
  /** The sum of what is kept in files, in bytes. */
  readonly diskBytes: number;
}

const suffix = '.spool';
/** How long no file is begun after one could not be written, in milliseconds. */
const restMs = 10_000;

/** Hands out storage for spools within the limits. Sizes are reserved before the first byte: the sum never passes them. */
export class SpoolRoom {
  readonly #limits: SpoolLimits;
  #memory = 0;
  #disk = 0;
  #serial = 0;
  #noFilesUntil = 0;

  /** Makes the directory, and sweeps what an earlier process left there. */
  constructor(limits: SpoolLimits) {
    this.#limits = limits;
    mkdirSync(limits.dir, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(limits.dir))
      if (name.endsWith(suffix)) rmSync(join(limits.dir, name), { force: true });
  }

  /** Bytes reserved now. */
  get used(): { memory: number; disk: number } {
    return { memory: this.#memory, disk: this.#disk };
  }

  /** Storage for so many bytes; undefined when there is no room. Close it to give the room back. */
  reserve(size: number): SpoolStorage | undefined {
    const { memoryBytes, memoryObjectBytes, diskBytes, dir } = this.#limits;
    if (size <= memoryObjectBytes && this.#memory + size <= memoryBytes) {
      this.#memory += size;
      return new MemoryStorage(size, () => {
        this.#memory -= size;
      });
    }
    if (this.#disk + size > diskBytes || performance.now() < this.#noFilesUntil) return undefined;
    this.#disk += size;
    this.#serial += 1;
    const freed = () => {
      this.#disk -= size;
    };
    const failed = () => {
      this.#noFilesUntil = performance.now() + restMs;
    };
    return new FileStorage(join(dir, `${process.pid}-${this.#serial}${suffix}`), freed, failed);
  }
}

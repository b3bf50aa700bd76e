import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ByteRange } from '../lib/byte-range.ts';
import { decimalSeconds } from '../lib/decimal-seconds.ts';
import type { ObjectMeta } from '../lib/object-meta.ts';
import { pulled } from '../lib/pulled.ts';
import type { DiskGate, Urgency } from './disk-gate.ts';
import { type SourceObject, SourceReadError } from './source.ts';

/** Bytes a read asks for: few enough to be quick on a slow disk, enough to be few. */
const chunkBytes = 256 * 1024;

/** A regular file held open on a disk. Closed when its owner and all its streams have let go. */
export class DiskFile implements SourceObject {
  readonly meta: ObjectMeta;
  readonly mtime: string;
  readonly private: boolean;
  readonly #handle: FileHandle;
  readonly #gate: DiskGate;
  readonly #stats: BigIntStats;
  readonly #disk: string;
  #urgency: Urgency;
  #holders = 1;
  #closed = false;

  constructor(
    handle: FileHandle,
    gate: DiskGate,
    meta: ObjectMeta,
    stats: BigIntStats,
    disk: string,
    urgency: Urgency = 'now',
  ) {
    this.meta = meta;
    this.mtime = decimalSeconds(stats.mtimeNs);
    this.private = (stats.mode & 0o044n) === 0n;
    this.#handle = handle;
    this.#gate = gate;
    this.#stats = stats;
    this.#disk = disk;
    this.#urgency = urgency;
  }

  read(range?: ByteRange): Readable {
    let at = range?.first ?? 0;
    const end = range ? range.last + 1 : this.meta.size;
    const next = async (): Promise<Buffer | null> => {
      if (at >= end) return null;
      const chunk = await this.#readAt(at, Math.min(chunkBytes, end - at));
      at += chunk.length;
      return chunk;
    };
    this.#holders += 1;
    return pulled(next, () => this.#letGo(), chunkBytes);
  }

  hurry(): void {
    this.#urgency = 'now';
  }

  async unchanged(): Promise<boolean> {
    // The kernel knows it of an open file without asking the disk.
    const urgency = this.#urgency === 'behind' ? 'free' : this.#urgency;
    const now = await this.#asked(() => this.#handle.stat({ bigint: true }), urgency);
    // Not ctime: replacing the file by rename changes the open inode's, and the bytes stay good.
    return now.size === this.#stats.size && now.mtimeNs === this.#stats.mtimeNs && now.ino === this.#stats.ino;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#letGo();
  }

  #letGo(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#gate.release(() => this.#handle.close());
  }

  /** Held until the disk has really answered: closing it before would wait for that answer too, on a place of its own. */
  async #asked<T>(operation: () => Promise<T>, urgency: Urgency): Promise<T> {
    this.#holders += 1;
    let begun = false;
    const begin = async () => {
      begun = true;
      try {
        return await operation();
      } finally {
        this.#letGo();
      }
    };
    try {
      return await this.#gate.read(begin, undefined, urgency);
    } finally {
      if (!begun) this.#letGo();
    }
  }

  async #readAt(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    const reading = this.#asked(() => this.#handle.read(buffer, 0, length, offset), this.#urgency);
    const { bytesRead } = await reading.catch((error: unknown) => {
      throw this.#broken(error, offset);
    });
    if (bytesRead === 0) {
      const detail = `the file ends at byte ${offset} of ${this.meta.size}`;
      throw new SourceReadError('CHANGED', `${this.#disk}: ${detail}`, { detail });
    }
    return buffer.subarray(0, bytesRead);
  }

  /** The kernel gives what it could read before a bad sector, so `offset` is that of the first byte it could not. */
  #broken(error: unknown, offset: number): SourceReadError {
    const at = `at byte ${offset} of ${this.meta.size}`;
    if (error instanceof SourceReadError) {
      const { code, message, detail } = error;
      return new SourceReadError(code, message, { cause: error, detail: `${detail}, ${at}` });
    }
    const detail = `${(error as NodeJS.ErrnoException).code ?? 'unknown'} ${at}`;
    return new SourceReadError('EIO', `${this.#disk}: ${detail}`, { cause: error, detail });
  }
}

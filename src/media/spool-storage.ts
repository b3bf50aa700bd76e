import { type FileHandle, open, rm } from 'node:fs/promises';

/** Where a spool keeps its bytes. Written once, in order; read at any offset that was written. */
export interface SpoolStorage {
  /** All bytes, if they are in memory. */
  readonly memory: Buffer | undefined;
  write(chunk: Buffer, offset: number): Promise<void>;
  read(offset: number, length: number): Promise<Buffer>;
  /** Frees the room. Not before every read has come back. */
  close(): Promise<void>;
}

export class MemoryStorage implements SpoolStorage {
  readonly memory: Buffer;
  readonly #freed: () => void;

  constructor(size: number, freed: () => void) {
    this.memory = Buffer.allocUnsafeSlow(size);
    this.#freed = freed;
  }

  async write(chunk: Buffer, offset: number): Promise<void> {
    chunk.copy(this.memory, offset);
  }

  async read(offset: number, length: number): Promise<Buffer> {
    return this.memory.subarray(offset, offset + length);
  }

  async close(): Promise<void> {
    this.#freed();
  }
}

export class FileStorage implements SpoolStorage {
  readonly memory = undefined;
  readonly #path: string;
  readonly #freed: () => void;
  readonly #failed: () => void;
  #handle: Promise<FileHandle> | undefined;

  /** `freed` is told when the room is free again, `failed` when the file cannot be written. */
  constructor(path: string, freed: () => void, failed: () => void) {
    this.#path = path;
    this.#freed = freed;
    this.#failed = failed;
  }

  async write(chunk: Buffer, offset: number): Promise<void> {
    try {
      const handle = await this.#open();
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, offset + done);
        done += bytesWritten;
      }
    } catch (error) {
      this.#failed();
      throw error;
    }
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const handle = await this.#open();
    const buffer = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
      if (bytesRead === 0) return buffer.subarray(0, done);
      done += bytesRead;
    }
    return buffer;
  }

  async close(): Promise<void> {
    try {
      if (!this.#handle) return;
      const handle = await this.#handle.catch(() => undefined);
      await handle?.close();
      await rm(this.#path, { force: true });
    } finally {
      this.#freed();
    }
  }

  #open(): Promise<FileHandle> {
    this.#handle ??= open(this.#path, 'wx+', 0o600);
    return this.#handle;
  }
}

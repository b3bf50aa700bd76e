import { randomUUID } from 'node:crypto';
import { constants, type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/** Bytes that are written, and read, at once. */
const chunkBytes = 64 * 1024;

/**
 * Records that may be too many for memory, one after the other in a file without a name: it is gone when it is closed, or when the process
 * ends, however it ends.
 */
export class ExceptionSpool<T> {
  readonly #file: FileHandle;
  #waiting = '';
  #end = 0;
  #count = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** In this directory, which must be able to take all of them. */
  static async in<T>(dir: string): Promise<ExceptionSpool<T>> {
    const path = join(dir, `.verify-${randomUUID()}`);
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    await unlink(path);
    return new ExceptionSpool<T>(file);
  }

  get count(): number {
    return this.#count;
  }

  async add(record: T): Promise<void> {
    this.#count += 1;
    this.#waiting += `${JSON.stringify(record)}\n`;
    if (this.#waiting.length >= chunkBytes) await this.#flush();
  }

  /** All that were added so far, oldest first. */
  async *all(): AsyncGenerator<T> {
    await this.#flush();
    const decoder = new StringDecoder('utf8');
    const buffer = Buffer.allocUnsafe(chunkBytes);
    let rest = '';
    for (let at = 0; at < this.#end; ) {
      const { bytesRead } = await this.#file.read(buffer, 0, chunkBytes, at);
      if (bytesRead === 0) throw new Error('the file of exceptions is shorter than it was written');
      at += bytesRead;
      const lines = (rest + decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as T;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#end);
      at += bytesWritten;
      this.#end += bytesWritten;
    }
  }
}

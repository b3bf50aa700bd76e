import { createHash } from 'node:crypto';
import type { LogRead } from '../../ledger/heat.ts';
import { beginLog, type LogHead } from './log-begin.ts';
import { LogImportError } from './log-import-error.ts';

const newline = 0x0a;

/**
 * The bytes of a log behind those that an earlier import read, and how far this one got. All bytes are hashed, also those that are passed
 * over: a log that begins like one that was read and goes on in another way is not read on in its middle.
 */
export class LogBytes {
  readonly #head: LogHead;
  /** Of all bytes before the chunk that came last. */
  readonly #hash = createHash('sha256');
  #chunk: Buffer = Buffer.alloc(0);
  #beforeChunk = 0;
  #takenBytes = 0;
  /** Of the bytes that were taken; undefined: they end in the chunk, and nobody has asked yet. */
  #takenHash: string | undefined;

  private constructor(head: LogHead) {
    this.#head = head;
  }

  /** @throws LogImportError LOG_CHANGED */
  static async open(log: AsyncIterable<Buffer>, readBefore: readonly LogRead[]): Promise<LogBytes> {
    const bytes = new LogBytes(await beginLog(log, readBefore));
    await bytes.#passOver();
    return bytes;
  }

  /** So many bytes at the beginning were read before. */
  get knownBytes(): number {
    return Math.min(this.#head.known?.takenBytes ?? 0, this.#beforeChunk + this.#chunk.length);
  }

  /** Whether what comes next is the rest of a line: the earlier import met its beginning, at what was the end of the log then. */
  get midLine(): boolean {
    const at = this.#takenBytes - this.#beforeChunk;
    return at > 0 && this.#chunk[at - 1] !== newline;
  }

  /** What was not read before. */
  async *rest(): AsyncGenerator<Buffer> {
    const left = this.#chunk.subarray(this.#takenBytes - this.#beforeChunk);
    if (left.length > 0) yield left;
    for await (const chunk of this.#head.chunks) {
      this.#hashTaken();
      this.#goOn(chunk);
      yield chunk;
    }
  }

  /** So many bytes of `rest` were read and counted; they end in the chunk that it gave last. */
  take(bytes: number): void {
    this.#takenBytes = (this.#head.known?.takenBytes ?? 0) + bytes;
    this.#takenHash = undefined;
  }

  /** How far it was read until now; undefined: not further than before. */
  read(): LogRead | undefined {
    const { known, headBytes, headHash } = this.#head;
    if (this.#takenBytes <= (known?.takenBytes ?? 0)) return undefined;
    const told = known ?? { headBytes, headHash };
    const takenHash = this.#hashTaken();
    return { headBytes: told.headBytes, headHash: told.headHash, takenBytes: this.#takenBytes, takenHash };
  }

  async #passOver(): Promise<void> {
    const { known, chunks } = this.#head;
    if (!known) return;
    while (this.#beforeChunk + this.#chunk.length < known.takenBytes) {
      const next = await chunks.next();
      if (next.done) {
        // An older copy: all of it was read.
        this.#takenBytes = this.#beforeChunk + this.#chunk.length;
        return;
      }
      this.#goOn(next.value);
    }
    this.#takenBytes = known.takenBytes;
    if (this.#hashTaken() === known.takenHash) return;
    await chunks.return(undefined);
    throw new LogImportError('LOG_CHANGED', {
      found:
        'it begins as a log that was imported before, and goes on in another way: what both have would count twice, so nothing of it was counted',
      expected: 'a log as the web server wrote it, longer than before or the same',
      todo: 'import it as it was before it was filtered or edited',
    });
  }

  #goOn(chunk: Buffer): void {
    this.#hash.update(this.#chunk);
    this.#beforeChunk += this.#chunk.length;
    this.#chunk = chunk;
  }

  #hashTaken(): string {
    const inChunk = this.#chunk.subarray(0, this.#takenBytes - this.#beforeChunk);
    this.#takenHash ??= this.#hash.copy().update(inChunk).digest('hex');
    return this.#takenHash;
  }
}

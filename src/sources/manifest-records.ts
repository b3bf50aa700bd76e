import type { ByteName } from './byte-names.ts';

/** No path on Linux is longer than 4096 bytes; the rest is for the numbers before it. */
const longest = 4200;

/** Cuts a stream of bytes into its records, each ended by a NUL. Holds one record at most. */
export class ManifestRecords {
  #rest: Buffer = Buffer.alloc(0);
  #tooLong = false;
  #count = 0;
  #newlines = false;

  /** Records that have ended. */
  get count(): number {
    return this.#count;
  }

  /** What came last was not ended. */
  get cut(): boolean {
    return this.#rest.length > 0 || this.#tooLong;
  }

  /** There is a newline in what was not ended. */
  get newlines(): boolean {
    return this.#newlines;
  }

  /** The records that end with these bytes. Undefined: one that is too long. */
  *of(bytes: Buffer): Generator<ByteName | undefined> {
    let from = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, from)) {
      const record = this.#joined(bytes.subarray(from, end));
      from = end + 1;
      this.#count += 1;
      const { length } = record;
      const kept = this.#tooLong || length > longest ? undefined : record.toString('latin1');
      this.#rest = Buffer.alloc(0);
      this.#tooLong = false;
      this.#newlines = false;
      yield kept;
    }
    this.#keep(bytes.subarray(from));
  }

  #keep(bytes: Buffer): void {
    this.#newlines ||= bytes.includes('\n');
    const rest = this.#joined(bytes);
    this.#tooLong ||= rest.length > longest;
    this.#rest = this.#tooLong ? Buffer.alloc(0) : Buffer.from(rest);
  }

  #joined(bytes: Buffer): Buffer {
    return this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
  }
}

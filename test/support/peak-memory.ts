import { readFileSync, writeFileSync } from 'node:fs';

/** Resident memory of a process, as the kernel counts it. */
export class PeakMemory {
  readonly #dir: string;
  readonly #before: number;

  /** From now on. */
  constructor(pid: number) {
    this.#dir = `/proc/${pid}`;
    // Sets the peak back to what is used now: proc(5), clear_refs.
    writeFileSync(`${this.#dir}/clear_refs`, '5');
    this.#before = this.#bytes('VmRSS');
  }

  /** Bytes by which it was ever more since the beginning. No moment is missed. */
  get more(): number {
    return this.#bytes('VmHWM') - this.#before;
  }

  #bytes(name: 'VmRSS' | 'VmHWM'): number {
    const [, kilobytes] =
      new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`${this.#dir}/status`, 'utf8')) ?? [];
    if (kilobytes === undefined) throw new Error(`${this.#dir}/status does not tell ${name}`);
    return Number(kilobytes) * 1024;
  }
}

import { Parts, partsOfState } from './parts.ts';
import type { Snapshot } from './snapshot.ts';

/** A row of a state is its parts' numbers, of two bytes each, in whole words. */
const words = partsOfState / 2;

/** A state that was visited, or is about to be. */
export interface Numbered {
  readonly s: Snapshot;
  readonly n: number;
}

/**
 * The states that were seen, numbered from 0. Millions of them are kept, so each is one row of small numbers, found by its hash. A state
 * shares most of its parts with the one it came from: only what changed is looked at.
 */
export class States {
  readonly #parts = new Parts();
  #rows = new Uint16Array(partsOfState * 1024);
  #words = new Uint32Array(this.#rows.buffer);
  /** Numbers of states, plus one, by hash; at most half of it is used. */
  #slots = new Uint32Array(4096);
  size = 0;

  /** The number of a state that was not seen before; undefined: it was. */
  add(s: Snapshot, from: Numbered | undefined): number | undefined {
    const row = this.#room();
    if (from) this.#rows.copyWithin(row, from.n * partsOfState, (from.n + 1) * partsOfState);
    this.#parts.write(this.#rows, row, s, from?.s);
    const slot = this.#slotOf(this.size);
    if (this.#slots[slot] !== 0) return undefined;
    this.#slots[slot] = this.size + 1;
    return this.size++;
  }

  #slotOf(n: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = this.#hash(n) & mask; ; slot = (slot + 1) & mask) {
      const other = this.#slots[slot]!;
      if (other === 0 || this.#same(other - 1, n)) return slot;
    }
  }

  #hash(n: number): number {
    let hash = 0;
    for (let i = n * words; i < (n + 1) * words; i++) {
      hash = Math.imul(hash ^ this.#words[i]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #same(a: number, b: number): boolean {
    for (let i = 0; i < words; i++) if (this.#words[a * words + i] !== this.#words[b * words + i]) return false;
    return true;
  }

  /** Where the next row goes. */
  #room(): number {
    const row = this.size * partsOfState;
    if (row === this.#rows.length) {
      const rows = new Uint16Array(row * 2);
      rows.set(this.#rows);
      this.#rows = rows;
      this.#words = new Uint32Array(rows.buffer);
    }
    if (this.size * 2 >= this.#slots.length) {
      this.#slots = new Uint32Array(this.#slots.length * 2);
      for (let n = 0; n < this.size; n++) this.#slots[this.#slotOf(n)] = n + 1;
    }
    return row;
  }
}

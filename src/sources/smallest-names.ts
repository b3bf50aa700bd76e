import type { ByteName } from './byte-names.ts';

/** Names that come after this one, or from it on. */
export interface Lower {
  readonly name: ByteName;
  readonly inclusive: boolean;
}

/**
 * The first names of a directory by their bytes, from a bound on, at most `limit`, in order. A directory gives its names in an order of its
 * own, and there is no asking for those after one: so all are looked at, and the smallest kept. A directory of a million names is read some
 * fifteen times like that, and never held.
 */
export class SmallestNames {
  readonly #lower: Lower | undefined;
  readonly #limit: number;
  #names: ByteName[] = [];
  #upper: ByteName | undefined;

  constructor(lower: Lower | undefined, limit: number) {
    this.#lower = lower;
    this.#limit = limit;
  }

  add(name: ByteName): void {
    if (this.#upper !== undefined && name >= this.#upper) return;
    const { name: bound, inclusive } = this.#lower ?? { name: '', inclusive: false };
    if (name < bound || (name === bound && !inclusive)) return;
    this.#names.push(name);
    if (this.#names.length >= this.#limit * 2) this.#cut();
  }

  /** `more`: there are others after the last one. */
  taken(): { readonly names: ByteName[]; readonly more: boolean } {
    if (this.#names.length > this.#limit) this.#cut();
    else this.#names.sort();
    return { names: this.#names, more: this.#upper !== undefined };
  }

  #cut(): void {
    this.#names.sort();
    this.#upper = this.#names[this.#limit];
    this.#names.length = this.#limit;
  }
}

import type { Objects } from '../ledger/objects.ts';
import { compareBytes } from '../lib/byte-order.ts';

/** Walks the bucket's listing beside keys that come in the same order. Memory: a page. */
export class ListedKeys {
  readonly #objects: Pick<Objects, 'page'>;
  readonly #pageSize: number;
  readonly #breathe: () => Promise<void>;
  #page: readonly string[] = [];
  #at = 0;
  #after: string | undefined;
  #ended = false;

  constructor(objects: Pick<Objects, 'page'>, pageSize: number, breathe: () => Promise<void>) {
    this.#objects = objects;
    this.#pageSize = pageSize;
    this.#breathe = breathe;
  }

  /** Those of the keys that the bucket had. Keys come in order of their UTF-8 bytes, also from call to call. */
  async among(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const key of keys) {
      for (;;) {
        if (this.#at === this.#page.length && !(await this.#turnPage())) return found;
        const order = compareBytes(this.#page[this.#at]!, key);
        if (order === 0) found.add(key);
        if (order >= 0) break;
        this.#at += 1;
      }
    }
    return found;
  }

  async #turnPage(): Promise<boolean> {
    if (this.#ended) return false;
    // Between two files may stand millions of objects that came from elsewhere.
    await this.#breathe();
    this.#page = (await this.#objects.page(this.#after, this.#pageSize)).map(({ key }) => key);
    this.#at = 0;
    this.#after = this.#page.at(-1);
    this.#ended = this.#page.length === 0;
    return !this.#ended;
  }
}

import type { ListingPage, ListingQuestion, ObjectListing } from '../../../src/bucket/object-listing.ts';
import type { ListedObject } from '../../../src/ledger/objects.ts';
import { compareBytes } from '../../../src/lib/byte-order.ts';

/** A bucket that lists as S3 does, from memory. */
export class FakeListing implements ObjectListing {
  readonly asked: ListingQuestion[] = [];
  /** Requests under way at once, at most. */
  most = 0;
  /** Called before each answer; what it throws is the answer. */
  before: (question: ListingQuestion, n: number) => unknown = () => undefined;
  readonly #objects = new Map<string, ListedObject>();
  #sorted: readonly string[] | undefined;
  #underWay = 0;

  constructor(objects: Iterable<ListedObject> = []) {
    for (const object of objects) this.put(object);
  }

  put(object: ListedObject): void {
    this.#objects.set(object.key, object);
    this.#sorted = undefined;
  }

  remove(key: string): void {
    this.#objects.delete(key);
    this.#sorted = undefined;
  }

  all(): ListedObject[] {
    this.#sorted ??= [...this.#objects.keys()].sort(compareBytes);
    return this.#sorted.map((key) => this.#objects.get(key)!);
  }

  async page(question: ListingQuestion, signal: AbortSignal): Promise<ListingPage> {
    this.most = Math.max(this.most, ++this.#underWay);
    try {
      const n = this.asked.push(question);
      await new Promise(setImmediate);
      await this.before(question, n);
      signal.throwIfAborted();
      return this.#answer(question);
    } finally {
      this.#underWay--;
    }
  }

  async close(): Promise<void> {}

  #answer({ prefix = '', after, delimiter, limit }: ListingQuestion): ListingPage {
    const objects: ListedObject[] = [];
    const prefixes: string[] = [];
    let last: string | undefined;
    for (const object of this.all()) {
      const { key } = object;
      if (!key.startsWith(prefix) || compareBytes(key, after) <= 0) continue;
      const slash = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      const folder = slash === -1 ? undefined : key.slice(0, slash + 1);
      if (folder !== undefined && folder === last) continue;
      if (objects.length + prefixes.length === limit) return { objects, prefixes, upTo: last };
      last = folder ?? key;
      if (folder === undefined) objects.push(object);
      else prefixes.push(folder);
    }
    return { objects, prefixes, upTo: undefined };
  }
}

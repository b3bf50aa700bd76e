import type { Files, SourceFile } from '../ledger/files.ts';
import type { ListedObject, Objects } from '../ledger/objects.ts';
import type { RecordedCopies, RecordedCopy } from '../ledger/recorded-copies.ts';
import { utf8Order } from '../lib/utf8-order.ts';

/** One key with what each of three records says of it. At least one of them knows it. */
export interface JoinedKey {
  readonly key: string;
  /** One for each source that has it, in order of the sources' names. */
  readonly files: readonly SourceFile[];
  readonly object: ListedObject | undefined;
  readonly copy: RecordedCopy | undefined;
}

export interface JoinedKeysOptions {
  readonly files: Pick<Files, 'page'>;
  readonly objects: Pick<Objects, 'page'>;
  readonly copies: Pick<RecordedCopies, 'page'>;
  /** Rows asked for at once, of each. */
  readonly pageRows?: number;
}

/** All keys in order of their UTF-8 bytes. Holds one page of each record, however many there are. */
export async function* joinedKeys({
  files,
  objects,
  copies,
  pageRows = 1000,
}: JoinedKeysOptions): AsyncGenerator<JoinedKey> {
  const below = new Cursor((after: SourceFile | undefined) => files.page(after, pageRows));
  const above = new Cursor((after: ListedObject | undefined) => objects.page(after?.key, pageRows));
  const recorded = new Cursor((after: RecordedCopy | undefined) => copies.page(after?.key, pageRows));
  for (;;) {
    const heads = [await below.head(), await above.head(), await recorded.head()];
    const key = heads.reduce(lower, undefined)?.key;
    if (key === undefined) return;
    const found: SourceFile[] = [];
    for (let file = await below.takeAt(key); file; file = await below.takeAt(key)) found.push(file);
    yield { key, files: found, object: await above.takeAt(key), copy: await recorded.takeAt(key) };
  }
}

interface Row {
  readonly key: string;
}

function lower(one: Row | undefined, other: Row | undefined): Row | undefined {
  if (!one || !other) return one ?? other;
  return utf8Order(one.key, other.key) <= 0 ? one : other;
}

/** A place in a record that is read page by page. */
class Cursor<T extends Row> {
  readonly #page: (after: T | undefined) => Promise<readonly T[]>;
  #rows: readonly T[] = [];
  #at = 0;
  #last: T | undefined;
  #over = false;

  constructor(page: (after: T | undefined) => Promise<readonly T[]>) {
    this.#page = page;
  }

  /** The next row; undefined: there is none. */
  async head(): Promise<T | undefined> {
    if (this.#at === this.#rows.length && !this.#over) {
      this.#rows = await this.#page(this.#last);
      this.#at = 0;
      this.#over = this.#rows.length === 0;
      this.#last = this.#rows.at(-1);
    }
    return this.#rows[this.#at];
  }

  /** Takes the next row if it is of this key. */
  async takeAt(key: string): Promise<T | undefined> {
    const row = await this.head();
    if (row?.key !== key) return undefined;
    this.#at += 1;
    return row;
  }
}

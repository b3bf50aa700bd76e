import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as breath } from 'node:timers/promises';
import { briefBusyMs, briefTransaction } from '../lib/brief-transaction.ts';
import { compareBytes } from '../lib/byte-order.ts';
import { openFilesDatabase } from './files-database.ts';
import type { ListedPart, ListingRange, ListingWriter } from './listing-writer.ts';
import type { ListedObject, Listing, Objects } from './objects.ts';
import { prepareObjects } from './objects-statements.ts';
import { etagToStore, storedEtag } from './stored-etag.ts';

interface ObjectRow {
  readonly key: string;
  readonly size: number;
  readonly etag: Uint8Array | string;
}

interface RangeRow {
  readonly id: number;
  readonly after: string;
  readonly up_to: string | null;
}

/** Rows that one transaction looks at or writes: some milliseconds. */
const rowsAtOnce = 1000;

/** In SQLite every text comes before every blob (https://www.sqlite.org/datatype3.html#sort_order). */
const behindAllKeys = Uint8Array.of(0xff);

/** Objects and listings in `files.db`. Others may read it meanwhile, and write into other tables of it. */
export class SqliteObjects implements Objects, ListingWriter {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof prepareObjects>;

  constructor(file: string) {
    this.#db = openFilesDatabase(file);
    this.#db.exec(`PRAGMA busy_timeout=${briefBusyMs}`);
    this.#sql = prepareObjects(this.#db);
  }

  async page(after: string | undefined, limit: number): Promise<readonly ListedObject[]> {
    if (this.#last() === undefined) return [];
    return (this.#sql.page.all(after ?? '', limit) as unknown as ObjectRow[]).map(objectIn);
  }

  async of(key: string): Promise<ListedObject | undefined> {
    if (this.#last() === undefined) return undefined;
    const row = this.#sql.object.get(key) as ObjectRow | undefined;
    return row && objectIn(row);
  }

  async listings(): Promise<{ last: Listing | undefined; open: Listing | undefined }> {
    return { last: this.#last(), open: this.#open() };
  }

  async begin(nowMs: number, fresh: boolean): Promise<Listing> {
    const open = this.#open();
    if (open && !fresh) return open;
    await this.#write(() => {
      this.#sql.drop.run();
      this.#sql.dropRanges.run();
    });
    // What a listing left behind that was given up. No other has ended: then that is in `objects` itself.
    while ((await this.#write(() => this.#sql.clearChanges.run(rowsAtOnce).changes)) !== 0) await breath();
    if (this.#last() === undefined)
      while ((await this.#write(() => this.#sql.clear.run(rowsAtOnce).changes)) !== 0) await breath();
    await this.#write(() => {
      this.#sql.begin.run(nowMs);
      this.#sql.addRange.run('', null);
    });
    return { beganMs: nowMs, endedMs: undefined, objects: 0, bytes: 0 };
  }

  async ranges(): Promise<readonly ListingRange[]> {
    return (this.#sql.ranges.all() as unknown as RangeRow[]).map(rangeIn);
  }

  async split(id: number, behind: readonly string[]): Promise<readonly ListingRange[]> {
    const { after, upTo } = this.#range(id);
    const inside = behind.filter(
      (key) => compareBytes(key, after) > 0 && (upTo === undefined || compareBytes(key, upTo) < 0),
    );
    const keys = [...new Set(inside)].sort(compareBytes);
    if (keys.length === 0) return [{ id, after, upTo }];
    const added = await this.#write(() => {
      this.#sql.endRange.run(keys[0]!, id);
      return keys.map((key, i): ListingRange => {
        const end = keys[i + 1] ?? upTo;
        const { lastInsertRowid } = this.#sql.addRange.run(key, end ?? null);
        return { id: Number(lastInsertRowid), after: key, upTo: end };
      });
    });
    return [{ id, after, upTo: keys[0] }, ...added];
  }

  async put(id: number, { objects, upTo }: ListedPart): Promise<void> {
    const range = this.#range(id);
    const first = this.#last() === undefined;
    const end = upTo ?? range.upTo;
    let { after } = range;
    let at = 0;
    for (;;) {
      // Much can have gone between two objects that are listed: it is taken out in bites too.
      const known = first
        ? []
        : (this.#sql.within.all(after, end ?? behindAllKeys, rowsAtOnce) as unknown as ObjectRow[]);
      const till = known.length === rowsAtOnce ? known.at(-1)?.key : undefined;
      const begin = at;
      if (till === undefined) at = objects.length;
      else while (at < objects.length && compareBytes(objects[at]!.key, till) <= 0) at++;
      const part = objects.slice(begin, at);
      await this.#write(() => {
        if (first) for (const { key, size, etag } of part) this.#sql.set.run(key, size, etagToStore(etag));
        else this.#compare(known, part);
        this.#sql.met.run(
          part.length,
          part.reduce((sum, { size }) => sum + size, 0),
        );
        if (till !== undefined) this.#sql.moveRange.run(till, id);
        else if (upTo !== undefined) this.#sql.moveRange.run(upTo, id);
        else this.#sql.dropRange.run(id);
      });
      if (till === undefined) return;
      after = till;
      await breath();
    }
  }

  async end(nowMs: number): Promise<Listing> {
    const open = this.#open();
    if (!open) throw new Error('no listing is open');
    if (this.#sql.ranges.get() !== undefined) throw new Error('the listing has not seen everything');
    while (await this.#write(() => this.#takeOver())) await breath();
    await this.#write(() => {
      this.#sql.dropOlder.run();
      this.#sql.end.run(nowMs);
    });
    return { ...open, endedMs: nowMs };
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #compare(known: readonly ObjectRow[], listed: readonly ListedObject[]): void {
    const left = new Map(known.map((row) => [row.key, row]));
    for (const { key, size, etag } of listed) {
      const row = left.get(key);
      left.delete(key);
      if (row?.size !== size || storedEtag(row.etag) !== etag) this.#sql.change.run(key, size, etagToStore(etag));
    }
    for (const key of left.keys()) this.#sql.change.run(key, null, null);
  }

  /** False: nothing is left to be taken over. */
  #takeOver(): boolean {
    const rows = this.#sql.changes.all(rowsAtOnce) as unknown as (ObjectRow | { key: string; size: null })[];
    const last = rows.at(-1);
    if (last === undefined) return false;
    for (const row of rows) {
      if (row.size === null) this.#sql.remove.run(row.key);
      else this.#sql.set.run(row.key, row.size, row.etag);
    }
    this.#sql.applied.run(last.key);
    return true;
  }

  #last(): Listing | undefined {
    return this.#sql.last.get() as unknown as Listing | undefined;
  }

  #open(): Listing | undefined {
    const row = this.#sql.open.get() as unknown as Listing | undefined;
    return row && { ...row, endedMs: undefined };
  }

  #range(id: number): ListingRange {
    const row = this.#sql.range.get(id) as unknown as RangeRow | undefined;
    if (!row) throw new Error(`there is no range ${id}: it was done, or its listing was given up`);
    return rangeIn(row);
  }

  #write<T>(write: () => T): Promise<T> {
    return briefTransaction(this.#db, write);
  }
}

function objectIn({ key, size, etag }: ObjectRow): ListedObject {
  return { key, size, etag: storedEtag(etag) };
}

function rangeIn({ id, after, up_to }: RangeRow): ListingRange {
  return { id, after, upTo: up_to ?? undefined };
}

import type { DatabaseSync } from 'node:sqlite';
import { BatchWriter } from '../lib/batch-writer.ts';
import { openDatabase } from '../lib/sqlite.ts';
import {
  type Intent,
  type Mark,
  type MarkRecord,
  type Marks,
  type MutationKind,
  type NamedMark,
  unmarked,
} from './marks.ts';
import { marksMigrations } from './marks-schema.ts';
import { SqliteUploads } from './sqlite-uploads.ts';
import type { Uploads } from './uploads.ts';

interface IntentRow {
  id: string;
  kind: MutationKind;
  generation: number;
  below_before: Mark['below'];
  shown_before: Mark['shown'];
  shows: 'unset' | 'public' | 'private' | null;
  etag: string | null;
}

/** `floor`: dropped marks had generations up to this. `generation` null: there is no mark. `open`: how many intents there are. */
interface RecordRow extends Omit<Mark, 'generation'> {
  floor: number;
  generation: number | null;
  open: number;
}

/** Marks in one file, small and apart from the ledger, so that the mover's batches never make a DELETE wait. */
export class SqliteMarks implements Marks {
  /** In the same file. */
  readonly uploads: Uploads;
  readonly #db: DatabaseSync;
  readonly #writer: BatchWriter;
  readonly #sql: ReturnType<typeof prepareMarks>;

  constructor(file: string) {
    this.#db = openDatabase(file, marksMigrations);
    this.#sql = prepareMarks(this.#db);
    // Mutations that come together share an fsync; none waits for others to come.
    this.#writer = new BatchWriter(this.#db, 0);
    this.uploads = new SqliteUploads(this.#db, this.#writer);
  }

  async get(key: string): Promise<Mark> {
    return (this.#sql.mark.get(key) as Mark | undefined) ?? unmarked;
  }

  async record(key: string): Promise<MarkRecord> {
    return this.#read(key);
  }

  update(
    keys: readonly string[],
    change: (record: MarkRecord, key: string) => MarkRecord,
    nowMs: number,
  ): Promise<ReadonlyMap<string, MarkRecord>> {
    return this.#writer.write(() => {
      const changed = new Map<string, MarkRecord>();
      for (const key of keys) {
        const before = this.#read(key);
        const after = change(before, key);
        this.#keep(key, before, after, nowMs);
        changed.set(key, after);
      }
      return changed;
    });
  }

  async unsettled(): Promise<readonly string[]> {
    return (this.#sql.unsettled.all() as { key: string }[]).map(({ key }) => key);
  }

  async droppable(beforeMs: number, limit: number): Promise<readonly NamedMark[]> {
    return this.#sql.droppable.all(beforeMs, limit) as unknown as NamedMark[];
  }

  review(verdicts: Parameters<Marks['review']>[0], nowMs: number): Promise<void> {
    return this.#writer.write(() => {
      for (const { key, generation, verdict } of verdicts) {
        if (verdict === 'below') this.#sql.keep.run(key, generation);
        else if (verdict === 'later') this.#sql.putOff.run(nowMs, key, generation);
        else if (this.#sql.drop.run(key, generation).changes > 0) this.#sql.raiseFloor.run({ generation });
      }
    });
  }

  knowSources(names: readonly string[]): Promise<readonly string[]> {
    return this.#writer.write(() => {
      const known = (this.#sql.sources.all() as { name: string }[]).map(({ name }) => name);
      for (const name of names) this.#sql.addSource.run(name);
      return known.filter((name) => !names.includes(name));
    });
  }

  async openIntents(): Promise<number> {
    return (this.#sql.openIntents.get() as { n: number }).n;
  }

  async oldestIntentMs(): Promise<number | undefined> {
    return (this.#sql.oldestIntent.get() as { ms: number | null }).ms ?? undefined;
  }

  async close(): Promise<void> {
    this.#writer.close();
    this.#db.close();
  }

  #read(key: string): MarkRecord {
    const { floor, generation, below, shown, open } = this.#sql.record.get({ key }) as unknown as RecordRow;
    const intents = open === 0 ? [] : (this.#sql.intents.all(key) as unknown as IntentRow[]).map(intentOf);
    const mark = generation === null ? { ...unmarked, generation: floor } : { generation, below, shown };
    return { mark, intents };
  }

  #keep(key: string, before: MarkRecord, after: MarkRecord, nowMs: number): void {
    const { generation, below, shown } = after.mark;
    if (after !== before) this.#sql.setMark.run({ key, generation, below, shown, nowMs });
    // Intents never change: one of the same id and another generation is a new one.
    const same = (a: Intent) => (b: Intent) => a.id === b.id && a.generation === b.generation;
    for (const intent of before.intents) if (!after.intents.some(same(intent))) this.#sql.dropIntent.run(intent.id);
    for (const intent of after.intents) if (!before.intents.some(same(intent))) this.#addIntent(key, intent);
  }

  #addIntent(key: string, { id, kind, generation, before, shows, etag }: Intent): void {
    const { below: belowBefore, shown: shownBefore } = before;
    this.#sql.addIntent.run({
      id,
      key,
      kind,
      generation,
      belowBefore,
      shownBefore,
      shows: shows ?? null,
      etag: etag ?? null,
    });
  }
}

function intentOf(row: IntentRow): Intent {
  const { id, kind, generation, below_before: below, shown_before: shown, shows, etag } = row;
  return {
    id,
    kind,
    generation,
    before: { below, shown },
    ...(shows === null ? {} : { shows }),
    ...(etag === null ? {} : { etag }),
  };
}

/** Every statement about marks, prepared once. */
function prepareMarks(db: DatabaseSync) {
  return {
    mark: db.prepare('SELECT generation, below, shown FROM marks WHERE key = ?'),
    /** In one question: each copy and each mutation asks it several times. */
    record: db.prepare(
      `SELECT floor.generation AS floor, marks.generation, below, shown,
         (SELECT count(*) FROM intents WHERE intents.key = :key) AS open
       FROM floor LEFT JOIN marks ON marks.key = :key`,
    ),
    raiseFloor: db.prepare('UPDATE floor SET generation = max(generation, :generation)'),
    setMark: db.prepare(
      `INSERT INTO marks (key, generation, below, shown, changed_ms) VALUES (:key, :generation, :below, :shown, :nowMs)
       ON CONFLICT (key) DO UPDATE SET generation = :generation, below = :below, shown = :shown, changed_ms = :nowMs, kept = 0`,
    ),
    intents: db.prepare(
      'SELECT id, kind, generation, below_before, shown_before, shows, etag FROM intents WHERE key = ? ORDER BY generation',
    ),
    addIntent: db.prepare(
      `INSERT INTO intents (id, key, kind, generation, below_before, shown_before, shows, etag)
       VALUES (:id, :key, :kind, :generation, :belowBefore, :shownBefore, :shows, :etag)`,
    ),
    dropIntent: db.prepare('DELETE FROM intents WHERE id = ?'),
    unsettled: db.prepare('SELECT DISTINCT key FROM intents'),
    droppable: db.prepare(
      `SELECT key, generation FROM marks
       WHERE kept = 0 AND shown <> 'private' AND NOT (below = 'open' AND shown = 'public') AND changed_ms <= ?
         AND NOT EXISTS (SELECT 1 FROM intents WHERE intents.key = marks.key)
       ORDER BY changed_ms LIMIT ?`,
    ),
    keep: db.prepare('UPDATE marks SET kept = 1 WHERE key = ? AND generation = ?'),
    putOff: db.prepare(
      `UPDATE marks SET changed_ms = ? WHERE key = ? AND generation = ?
         AND NOT EXISTS (SELECT 1 FROM intents WHERE intents.key = marks.key)`,
    ),
    drop: db.prepare(
      `DELETE FROM marks WHERE key = ? AND generation = ?
         AND NOT EXISTS (SELECT 1 FROM intents WHERE intents.key = marks.key)`,
    ),
    sources: db.prepare('SELECT name FROM sources ORDER BY name'),
    addSource: db.prepare('INSERT INTO sources (name) VALUES (?) ON CONFLICT (name) DO NOTHING'),
    openIntents: db.prepare('SELECT count(*) AS n FROM intents'),
    /** An intent is put on record with its mark, in one transaction; and what comes later to its key begins the looks anew. */
    oldestIntent: db.prepare('SELECT min(changed_ms) AS ms FROM intents JOIN marks USING (key)'),
  };
}

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openDatabase } from '../lib/sqlite.ts';
import { type Mark, type Marks, unmarked } from './marks.ts';

const migrations = [
  `CREATE TABLE marks (
     key TEXT PRIMARY KEY,
     generation INTEGER NOT NULL,
     below TEXT NOT NULL CHECK (below IN ('open', 'closed')),
     shown TEXT NOT NULL CHECK (shown IN ('unset', 'public', 'private', 'gone'))
   ) STRICT, WITHOUT ROWID`,
];

/** Marks in one file, small and apart from the ledger, so that the mover's batches never make a DELETE wait. */
export class SqliteMarks implements Marks {
  readonly #db: DatabaseSync;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;

  constructor(file: string) {
    this.#db = openDatabase(file, migrations);
    this.#select = this.#db.prepare('SELECT generation, below, shown FROM marks WHERE key = ?');
    this.#upsert = this.#db.prepare(
      `INSERT INTO marks (key, generation, below, shown) VALUES (:key, 1, coalesce(:below, 'open'), coalesce(:shown, 'unset'))
       ON CONFLICT (key) DO UPDATE SET generation = generation + 1, below = coalesce(:below, below), shown = coalesce(:shown, shown)
       RETURNING generation, below, shown`,
    );
  }

  async get(key: string): Promise<Mark> {
    return (this.#select.get(key) as Mark | undefined) ?? unmarked;
  }

  async change(key: string, facts: Partial<Pick<Mark, 'below' | 'shown'>>): Promise<Mark> {
    const row = this.#upsert.get({ key, below: facts.below ?? null, shown: facts.shown ?? null });
    return row as unknown as Mark;
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}

import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../lib/sqlite.ts';
import { ledgerMigrations } from './ledger-schema.ts';
import type { Verification, Verifications, VerifyMode } from './proof.ts';

/** So many results are kept; one a day is years of them. */
const kept = 1000;

interface Row {
  id: number;
  began_ms: number;
  ended_ms: number;
  mode: VerifyMode;
  percent: number;
  seed: string | null;
  clean: number;
  equal: number;
  only_below: number;
  only_above: number;
  different: number;
  error: number;
  excepted: number;
  state_hash: string;
}

/** In the ledger's file, over a connection of its own: a record is one short transaction, beside whoever else writes there. */
export class SqliteVerifications implements Verifications {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(file: string) {
    this.#db = openDatabase(file, ledgerMigrations);
    this.#sql = prepare(this.#db);
  }

  async record({ counts, ...verification }: Verification): Promise<void> {
    const { beganMs, endedMs, mode, percent, seed, clean, sources, newsMs, stateHash } = verification;
    const { equal, onlyBelow, onlyAbove, different, error, excepted } = counts;
    const row = {
      beganMs,
      endedMs,
      mode,
      percent,
      seed: seed ?? null,
      clean: clean ? 1 : 0,
      equal,
      onlyBelow,
      onlyAbove,
      different,
      error,
    };
    this.#transaction(() => {
      const { lastInsertRowid: id } = this.#sql.add.run({ ...row, excepted, stateHash });
      for (const source of sources) this.#sql.addSource.run(source, id, newsMs?.[source] ?? null);
      const oldest = Number(id) - kept;
      this.#sql.forgetSources.run(oldest);
      this.#sql.forget.run(oldest);
    });
  }

  async last(source: string): Promise<Verification | undefined> {
    const rows = this.#sql.of.all(source) as unknown as Row[];
    const row = wrongIn(rows).at(-1) ?? rows.at(-1);
    if (!row) return undefined;
    const sources = this.#sql.sources.all(row.id) as { source: string; news_ms: number | null }[];
    const news = sources.flatMap(({ source: name, news_ms: ms }) => (ms === null ? [] : [[name, ms] as const]));
    return {
      beganMs: row.began_ms,
      endedMs: row.ended_ms,
      mode: row.mode,
      percent: row.percent,
      seed: row.seed ?? undefined,
      sources: sources.map(({ source: name }) => name),
      newsMs: news.length > 0 ? Object.fromEntries(news) : undefined,
      clean: row.clean === 1,
      counts: {
        equal: row.equal,
        onlyBelow: row.only_below,
        onlyAbove: row.only_above,
        different: row.different,
        error: row.error,
        excepted: row.excepted,
      },
      stateHash: row.state_hash,
    };
  }

  async forgetProven(): Promise<void> {
    this.#transaction(() => {
      for (const { source } of this.#sql.verified.all() as { source: string }[]) {
        const rows = this.#sql.of.all(source) as unknown as Row[];
        const wrong = wrongIn(rows);
        for (const { id } of rows.filter((row) => !wrong.includes(row))) this.#sql.forgetSource.run(source, id);
      }
    });
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #transaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** What was found wrong by looking closely is not put right by looking less closely later, nor forgotten over what such a look finds wrong. */
function wrongIn(rows: readonly Row[]): readonly Row[] {
  let wrong: readonly Row[] = [];
  for (const row of rows) {
    const left = wrong.filter((before) => isCloser(before, row));
    wrong = row.clean === 1 ? left : [...left, row];
  }
  return wrong;
}

/** In one way at least. */
function isCloser(one: Row, other: Row): boolean {
  // With another seed another sample is read, which may not have what was found.
  const otherSample = one.seed !== null && other.percent < 100 && one.seed !== other.seed;
  return (one.mode === 'source' && other.mode !== 'source') || one.percent > other.percent || otherSample;
}

function prepare(db: DatabaseSync) {
  return {
    add: db.prepare(
      `INSERT INTO verifications (began_ms, ended_ms, mode, percent, seed, clean, equal, only_below, only_above, different, error, excepted, state_hash)
       VALUES (:beganMs, :endedMs, :mode, :percent, :seed, :clean, :equal, :onlyBelow, :onlyAbove, :different, :error, :excepted, :stateHash)`,
    ),
    addSource: db.prepare('INSERT INTO verified_sources (source, verification, news_ms) VALUES (?, ?, ?)'),
    forgetSources: db.prepare('DELETE FROM verified_sources WHERE verification <= ?'),
    forgetSource: db.prepare('DELETE FROM verified_sources WHERE source = ? AND verification = ?'),
    verified: db.prepare('SELECT DISTINCT source FROM verified_sources'),
    forget: db.prepare('DELETE FROM verifications WHERE id <= ?'),
    /** Oldest first. */
    of: db.prepare(
      `SELECT verifications.* FROM verified_sources JOIN verifications ON id = verification WHERE source = ? ORDER BY id`,
    ),
    sources: db.prepare('SELECT source, news_ms FROM verified_sources WHERE verification = ? ORDER BY source'),
  };
}

import type { DatabaseSync } from 'node:sqlite';
import type { PlannedFile } from '../backfill/plan.ts';
import { briefBusyMs, briefTransaction } from '../lib/brief-transaction.ts';
import { openFilesDatabase } from './files-database.ts';
import { idOf, idsInTurn, idsOf } from './plan-ids.ts';
import { preparePlan } from './plan-statements.ts';
import type { PlanLeft, PlanRow, PlanStore } from './plan-store.ts';
import { fairShare, turns, type Waiting } from './plan-turns.ts';

interface FileRow extends Waiting {
  readonly part: number;
  readonly key: string;
}

interface PartRow extends PlanLeft {
  readonly part: number;
  readonly taken: number;
}

/** A part of the plan that is being made. */
interface Growing {
  readonly part: number;
  files: number;
  late: number;
  bytes: number;
}

/** Plans in `files.db`. One process makes them and takes from them. */
export class SqlitePlan implements PlanStore {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof preparePlan>;
  #making: { readonly plan: number; readonly parts: Map<string, Growing> } | undefined;

  constructor(file: string) {
    this.#db = openFilesDatabase(file);
    this.#db.exec(`PRAGMA busy_timeout=${briefBusyMs}`);
    this.#sql = preparePlan(this.#db);
  }

  async begin(): Promise<void> {
    const plan = await this.#write(() => Number(this.#sql.begin.run().lastInsertRowid));
    this.#making = { plan, parts: new Map() };
  }

  async add(rows: readonly PlanRow[]): Promise<void> {
    await this.#write(() => {
      for (const { key, source, size, rank, late } of rows) {
        const part = this.#partOf(source);
        const place = late ? part.late : part.files;
        this.#sql.add.run(idOf(part.part, place, late), part.part, rank, key, size, part.bytes);
        this.#sql.grow.run(1, size, part.part);
        if (late) part.late += 1;
        else {
          part.files += 1;
          part.bytes += size;
        }
      }
    });
  }

  async finish(nowMs: number): Promise<void> {
    const { plan, parts } = this.#made();
    const before = this.#parts();
    await this.#write(() => {
      // Whoever waited goes on waiting, and does not begin anew.
      for (const { source, part, taken } of before) {
        const next = parts.get(source);
        if (next) this.#sql.owe.run(this.#owed(part, taken), next.part);
      }
      this.#sql.finish.run(nowMs, plan);
    });
    this.#making = undefined;
  }

  async tidy(limit: number): Promise<boolean> {
    const inForce = this.#inForce()?.id ?? 0;
    const old = this.#sql.old.get({ inForce, making: this.#making?.plan ?? 0 }) as { id: number } | undefined;
    if (!old) return false;
    await this.#write(() => {
      const [part] = this.#sql.parts.all(old.id) as unknown as PartRow[];
      if (!part) this.#sql.drop.run(old.id);
      else if (this.#sql.dropFiles.run({ ...idsOf(part.part), limit }).changes === 0) this.#sql.dropPart.run(part.part);
    });
    return true;
  }

  async next(limit: number, without: ReadonlySet<string>): Promise<readonly PlannedFile[]> {
    const parts = this.#parts().filter(({ source }) => !without.has(source));
    const lanes = parts.map(({ part, taken }) => ({
      byRank: this.#sql.byRank.all(part, limit) as unknown as FileRow[],
      byKey: this.#inOrderOfKeys(part, limit),
      taken,
    }));
    const sources = new Map(parts.map(({ part, source }) => [part, source]));
    return turns(lanes, limit).map(({ part, key, size, rank }) => ({ key, size, rank, source: sources.get(part)! }));
  }

  async took(files: readonly PlannedFile[]): Promise<void> {
    const parts = new Map(this.#parts().map(({ source, part }) => [source, part]));
    await this.#write(() => {
      for (const { source, rank, key } of files) {
        const part = parts.get(source);
        const row = part && (this.#sql.take.get(part, rank, key) as { size: number } | undefined);
        // It may be of a plan that is not in force any more.
        if (row) this.#sql.shrink.run({ part, size: row.size });
      }
    });
  }

  async left(): Promise<{ readonly madeMs: number; readonly bySource: readonly PlanLeft[] } | undefined> {
    const inForce = this.#inForce();
    if (!inForce) return undefined;
    const bySource = this.#parts().map(({ source, files, bytes }) => ({ source, files, bytes }));
    return { madeMs: inForce.madeMs, bySource };
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #partOf(source: string): Growing {
    const { plan, parts } = this.#made();
    let part = parts.get(source);
    if (!part) {
      part = { part: Number(this.#sql.addPart.run(plan, source).lastInsertRowid), files: 0, late: 0, bytes: 0 };
      parts.set(source, part);
    }
    return part;
  }

  /** Bytes that were taken from this part since its first file by key became it: these stay in its favour. */
  #owed(part: number, taken: number): number {
    const [first] = this.#inOrderOfKeys(part, 1);
    return first ? Math.max(0, taken - fairShare * first.before) : 0;
  }

  #inOrderOfKeys(part: number, limit: number): FileRow[] {
    return this.#sql.byKey.all({ ...idsInTurn(part), limit }) as unknown as FileRow[];
  }

  #inForce(): { id: number; madeMs: number } | undefined {
    return this.#sql.inForce.get() as { id: number; madeMs: number } | undefined;
  }

  /** Of the plan in force. */
  #parts(): PartRow[] {
    const inForce = this.#inForce();
    return inForce ? (this.#sql.parts.all(inForce.id) as unknown as PartRow[]) : [];
  }

  #made() {
    if (!this.#making) throw new Error('no plan was begun');
    return this.#making;
  }

  #write<T>(write: () => T): Promise<T> {
    return briefTransaction(this.#db, write);
  }
}

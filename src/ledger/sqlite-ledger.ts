import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { BatchWriter } from '../lib/batch-writer.ts';
import { openDatabase } from '../lib/sqlite.ts';
import type {
  Attempt,
  BackfillFile,
  Binding,
  ChangeDetails,
  CopyRecord,
  CopyStatus,
  Ledger,
  LedgerCounts,
  ListedCopy,
  Queued,
  RecordChange,
} from './ledger.ts';
import { ledgerMigrations } from './ledger-schema.ts';
import { prepareLedger } from './ledger-statements.ts';
import type { RecordedCopies, RecordedCopy } from './recorded-copies.ts';
import { SqlitePartUploads } from './sqlite-part-uploads.ts';

interface CopyRow {
  status: CopyStatus | 'none';
  since_ms: number;
  look: number | null;
  deleting: number;
  tries: number;
  failures: number;
  not_before_ms: number;
}

type AttemptRow = Omit<Attempt, 'unconditional'> & { unconditional: number };

/** The ledger in one SQLite file. Writes wait at most `batchMs` for company. */
export class SqliteLedger implements Ledger, RecordedCopies {
  readonly id: string;
  readonly parts: SqlitePartUploads;
  readonly #db: DatabaseSync;
  readonly #writer: BatchWriter;
  readonly #sql: ReturnType<typeof prepareLedger>;

  constructor(file: string, options: { batchMs: number }) {
    this.#db = openDatabase(file, ledgerMigrations);
    this.#sql = prepareLedger(this.#db);
    this.#writer = new BatchWriter(this.#db, options.batchMs);
    this.parts = new SqlitePartUploads(this.#db, this.#writer);
    const known = this.#sql.identity.get() as { id: string } | undefined;
    this.id = known?.id ?? randomUUID();
    if (!known) this.#db.prepare('INSERT INTO ledger (id) VALUES (?)').run(this.id);
  }

  async binding(): Promise<Binding | undefined> {
    const row = this.#sql.identity.get() as { endpoint: string | null; bucket: string | null };
    return row.endpoint === null || row.bucket === null ? undefined : { endpoint: row.endpoint, bucket: row.bucket };
  }

  bind(binding: Binding): Promise<void> {
    return this.#writer.write(() => {
      this.#sql.bind.run(binding.endpoint, binding.bucket);
    });
  }

  async record(key: string): Promise<CopyRecord> {
    const row = this.#sql.copy.get(key) as CopyRow | undefined;
    const rows = this.#sql.attempts.all(key) as unknown as AttemptRow[];
    const attempts = rows.map((row) => ({ ...row, unconditional: row.unconditional === 1 }));
    return { status: row?.status ?? 'none', attempts, look: row?.look ?? undefined, deleting: row?.deleting === 1 };
  }

  async status(key: string): Promise<{ status: CopyStatus; sinceMs: number } | undefined> {
    const row = this.#sql.copy.get(key) as CopyRow | undefined;
    return row === undefined || row.status === 'none' ? undefined : { status: row.status, sinceMs: row.since_ms };
  }

  async statuses(keys: readonly string[]): Promise<ReadonlyMap<string, CopyStatus>> {
    const found = new Map<string, CopyStatus>();
    for (const key of keys) {
      const row = this.#sql.status.get(key) as { status: CopyStatus | 'none' } | undefined;
      if (row && row.status !== 'none') found.set(key, row.status);
    }
    return found;
  }

  async queued(key: string): Promise<Queued | undefined> {
    const row = this.#sql.copy.get(key) as CopyRow | undefined;
    if (row?.status !== 'wanted') return undefined;
    const { tries, failures, not_before_ms: notBeforeMs, look } = row;
    return { tries, failures, notBeforeMs, lookFirst: look === 0 };
  }

  ask(asks: ReadonlyMap<string, number>, nowMs: number, reviveMs: number): Promise<void> {
    const write = () => {
      for (const [key, n] of asks) this.#sql.ask.run({ key, n, nowMs, reviveMs });
    };
    return this.#writer.write(write, { patient: true });
  }

  async backfill(files: readonly BackfillFile[], nowMs: number, reviveMs: number): Promise<number> {
    const write = () => {
      let begun = 0;
      const places = new Map<string, number>();
      for (const { key, source, size } of files) {
        const place = (places.get(source) ?? this.#lastPlace(source)) + 1;
        places.set(source, place);
        begun += Number(this.#sql.backfill.run({ key, source, size, place, nowMs, reviveMs }).changes);
      }
      return begun;
    };
    return await this.#writer.write(write, { patient: true });
  }

  async liftAllBut(sources: readonly string[]): Promise<void> {
    const others = this.#backfillTotals().filter(({ source, n }) => n > 0 && !sources.includes(source));
    // It is asked every second, and there is hardly ever one.
    if (others.length === 0) return;
    await this.#writer.write(() => {
      for (const { source } of others) for (const lift of this.#sql.lift) lift.run(source);
    });
  }

  change(
    key: string,
    change: RecordChange,
    details: ChangeDetails,
    nowMs: number,
    options?: { readonly patient?: boolean },
  ): Promise<void> {
    return this.#writer.write(() => {
      this.#sql.ensure.run(key, nowMs);
      if (change.status !== undefined) this.#sql.setStatus.run({ key, status: change.status, nowMs });
      if (change.look !== undefined) this.#sql.setLook.run({ key, look: change.look, at: details.lookAtMs ?? nowMs });
      else if (details.lookAtMs !== undefined) this.#sql.setLookAt.run(details.lookAtMs, key);
      if (change.deleting !== undefined) this.#sql.setDeleting.run(change.deleting ? 1 : 0, key);
      if (change.attempts) this.#replaceAttempts(key, change.attempts);
      if (Object.keys(details).length > 0) this.#setDetails(key, details, nowMs);
      if (mayBeForgotten(change)) this.#sql.forget.run(key);
    }, options);
  }

  async due(nowMs: number, limit: number): Promise<readonly string[]> {
    this.#ripen(nowMs);
    return keysOf(this.#sql.due.all(limit));
  }

  async backfillDue(source: string, nowMs: number, limit: number): Promise<readonly string[]> {
    this.#ripen(nowMs);
    return keysOf(this.#sql.backfillDue.all(source, limit));
  }

  async backfillReady(source: string, nowMs: number): Promise<number> {
    this.#ripen(nowMs);
    return (this.#sql.backfillReady.get(source) as { n: number }).n;
  }

  async looksDue(nowMs: number, limit: number): Promise<readonly string[]> {
    return keysOf(this.#sql.looksDue.all(nowMs, limit));
  }

  async nextDueMs(nowMs: number): Promise<number | undefined> {
    return (this.#sql.nextDue.get({ nowMs }) as { at: number | null }).at ?? undefined;
  }

  async reopen(nowMs: number): Promise<number> {
    let reopened = 0;
    await this.#writer.write(() => {
      reopened = Number(this.#sql.reopen.run({ nowMs }).changes);
    });
    return reopened;
  }

  async counts(nowMs: number): Promise<LedgerCounts> {
    const byStatus = { wanted: 0, copied: 0, superseded: 0, refused: 0, none: 0 };
    for (const { status, n } of this.#sql.totals.all() as { status: CopyStatus; n: number }[]) byStatus[status] = n;
    const { oldest, attempts, looks } = this.#sql.gauges.get({ nowMs }) as {
      oldest: number | null;
      attempts: number;
      looks: number;
    };
    const backfill = new Map(this.#backfillTotals().map(({ source, n }) => [source, n]));
    return { byStatus, backfill, openAttempts: attempts, looksDue: looks, oldestWantedMs: oldest ?? undefined };
  }

  async list(status: CopyStatus, limit: number): Promise<readonly ListedCopy[]> {
    const rows = this.#sql.list[status].all(limit) as unknown as (Omit<ListedCopy, 'reason'> & {
      reason: ListedCopy['reason'] | null;
    })[];
    return rows.map((row) => ({ ...row, reason: row.reason ?? undefined }));
  }

  async page(after: string | undefined, limit: number): Promise<readonly RecordedCopy[]> {
    // No key is empty, so that all of them come after that.
    return this.#sql.page.all(after ?? '', limit).map(recordedIn);
  }

  async copy(key: string): Promise<RecordedCopy | undefined> {
    const row = this.#sql.recorded.get(key);
    return row && recordedIn(row);
  }

  async close(): Promise<void> {
    this.#writer.close();
    this.#db.close();
  }

  #setDetails(key: string, details: ChangeDetails, nowMs: number): void {
    this.#sql.setDetails.run({
      key,
      reason: details.reason ?? null,
      keepReason: details.reason === undefined ? 1 : 0,
      source: details.source ?? null,
      size: details.size ?? null,
      md5: details.md5 ?? null,
      mtime: details.mtime ?? null,
      detail: details.detail ?? null,
      failed: details.failed ? JSON.stringify(details.failed) : null,
      keepDetail: details.detail === undefined && details.reason === undefined ? 1 : 0,
      notBefore: details.notBeforeMs ?? null,
      tries: details.tries ?? null,
      failures: details.failures ?? null,
      nowMs,
    });
  }

  /** Most often there is none: looking is cheaper than a write that changes nothing. */
  #ripen(nowMs: number): void {
    if (this.#sql.ripe.get(nowMs) !== undefined) this.#sql.ripen.run(nowMs);
  }

  #lastPlace(source: string): number {
    return (this.#sql.lastPlace.get(source) as { place: number | null }).place ?? 0;
  }

  #backfillTotals(): { source: string; n: number }[] {
    return this.#sql.backfillTotals.all() as { source: string; n: number }[];
  }

  #replaceAttempts(key: string, attempts: readonly Attempt[]): void {
    this.#sql.dropAttempts.run(key);
    for (const { id, generation, md5, size, sourceAcl, unconditional } of attempts) {
      const row = { id, key, generation, md5, size, sourceAcl, unconditional: unconditional ? 1 : 0 };
      this.#sql.addAttempt.run(row);
    }
  }
}

/** Not where the change itself gives the row something to say. */
function mayBeForgotten({ status, attempts = [], look, deleting }: RecordChange): boolean {
  const told = (status !== undefined && status !== 'none') || attempts.length > 0 || typeof look === 'number';
  return !told && deleting !== true;
}

function keysOf(rows: unknown[]): string[] {
  return (rows as { key: string }[]).map((row) => row.key);
}

/** SQLite's NULL is what is not known. */
function recordedIn(row: Record<string, unknown>): RecordedCopy {
  const known = Object.entries(row).map(([name, value]) => [name, value ?? undefined]);
  return Object.fromEntries(known) as RecordedCopy;
}

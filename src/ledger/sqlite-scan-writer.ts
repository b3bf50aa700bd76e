import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScanRecord } from './files.ts';
import { openFilesDatabase } from './files-database.ts';
import { type FilesStatements, prepareFiles } from './files-statements.ts';
import type { OpenScan, ScanBatch, ScanBeginning, ScanWriter, SeenFile } from './scan-writer.ts';
import { type ScanRow, scanRecord } from './sqlite-files.ts';

/** Rows a transaction of the end touches: other processes write to this file too, and wait meanwhile. */
const chunkRows = 1000;
/** The breath between two of them, in milliseconds. */
const breathMs = 1;

interface Counts {
  files: number;
  bytes: number;
  added: number;
  changed: number;
  vanished: number;
  findings: number;
}

interface SizedRow {
  readonly key: string;
  readonly size: number;
}

/** Scans written into `files.db`. One process writes scans at a time: who calls holds a lock for that. */
export class SqliteScanWriter implements ScanWriter {
  readonly #db: DatabaseSync;
  readonly #sql: FilesStatements;

  constructor(file: string) {
    this.#db = openFilesDatabase(file);
    this.#sql = prepareFiles(this.#db);
  }

  async begin(source: string, by: ScanRecord['by'], { fresh, fingerprint, nowMs }: ScanBeginning): Promise<OpenScan> {
    const begun = this.#transaction(() => {
      this.#sql.addSource.run(source);
      const number = this.#numberOf(source);
      const open = this.#sql.newestOpen.get(number) as ScanRow | undefined;
      const last = this.#sql.newestEnded.get(number) as ScanRow | undefined;
      const same = open?.by === by && fingerprint !== undefined && open.fingerprint === fingerprint;
      const goesOn = !fresh && same && open.cursor !== null && open.id > (last?.id ?? 0);
      const before = last?.fingerprint ?? undefined;
      if (goesOn) return { id: open.id, cursor: open.cursor ?? undefined, before };
      const { id } = this.#sql.beginScan.get(number, by, fingerprint ?? null, nowMs) as { id: number };
      return { id, cursor: undefined, before };
    });
    await this.#dropSpent(source, begun.id);
    return { ...begun, source, by };
  }

  async put(scan: OpenScan, { files, findings, cursor, nowMs }: ScanBatch): Promise<void> {
    const source = this.#numberOf(scan.source);
    this.#transaction(() => {
      const counts = none();
      const total = { files: 0, bytes: 0 };
      for (const file of files) this.#see(scan.id, source, file, counts, total);
      for (const { path, kind, detail } of findings)
        counts.findings += Number(this.#sql.find.run(scan.id, path, kind, detail ?? null).changes);
      this.#sql.total.run({ ...total, source });
      if (counts.added + counts.changed > 0) this.#sql.news.run(nowMs, source);
      this.#count(scan, counts);
      if (cursor !== undefined) this.#sql.moveCursor.run(cursor, scan.id);
    });
  }

  async keep(scan: OpenScan, key: string): Promise<void> {
    const source = this.#numberOf(scan.source);
    // '0' follows '/': all keys below, and none beside it.
    const ranges = [
      { from: key, to: `${key}\u0001` },
      { from: `${key}/`, to: `${key}0` },
    ];
    for (const range of ranges) {
      const unseen = (after: string) =>
        this.#sql.unseenBelow.all({
          ...range,
          after,
          source,
          scan: scan.id,
          limit: chunkRows,
        }) as unknown as SizedRow[];
      for (let rows = unseen(''); rows.length > 0; rows = unseen(rows.at(-1)!.key)) {
        this.#transaction(() => {
          for (const row of rows) this.#sql.see.run(scan.id, row.key, source);
          this.#count(scan, { ...none(), files: rows.length, bytes: sum(rows) });
        });
        if (rows.length === chunkRows) await sleep(breathMs);
      }
    }
  }

  async misses(scan: OpenScan): Promise<boolean> {
    const source = this.#numberOf(scan.source);
    return this.#sql.unseenAfter.all({ after: '', source, scan: scan.id, limit: 1 }).length > 0;
  }

  async record(scan: OpenScan): Promise<ScanRecord> {
    return scanRecord(scan.source, this.#sql.scan.get(scan.id) as unknown as ScanRow);
  }

  async end(scan: OpenScan, { nowMs, signal }: { nowMs: () => number; signal: AbortSignal }): Promise<ScanRecord> {
    const source = this.#numberOf(scan.source);
    const unseen = (after: string) =>
      this.#sql.unseenAfter.all({ after, source, scan: scan.id, limit: chunkRows }) as unknown as SizedRow[];
    for (let rows = unseen(''); rows.length > 0; rows = unseen(rows.at(-1)!.key)) {
      signal.throwIfAborted();
      this.#transaction(() => {
        for (const { key } of rows) this.#sql.remove.run(key, source);
        this.#sql.total.run({ files: -rows.length, bytes: -sum(rows), source });
        this.#count(scan, { ...none(), vanished: rows.length });
      });
      await sleep(breathMs);
    }
    this.#transaction(() => {
      this.#sql.endScan.run(nowMs(), scan.id);
    });
    await this.#dropSpent(scan.source, scan.id);
    return await this.record(scan);
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #see(scan: number, source: number, file: SeenFile, counts: Counts, total: { files: number; bytes: number }): void {
    const { key, size, mtimeUs, mode } = file;
    const known = this.#sql.seen.get(key, source) as
      | { size: number; mtime_us: number; mode: number; seen: number }
      | undefined;
    if (known === undefined) {
      this.#sql.add.run({ key, source, size, mtimeUs, mode, scan });
      counts.added += 1;
      total.files += 1;
    } else if (known.size !== size || known.mtime_us !== mtimeUs || known.mode !== mode) {
      this.#sql.change.run({ key, source, size, mtimeUs, mode, scan });
      counts.changed += 1;
    } else if (known.seen !== scan) this.#sql.see.run(scan, key, source);
    total.bytes += size - (known?.size ?? 0);
    const again = known?.seen === scan;
    counts.files += again ? 0 : 1;
    counts.bytes += size - (again ? known.size : 0);
  }

  /** Scans that were dropped or have a successor, with their findings; what a crash left of them is taken up by the next. */
  async #dropSpent(source: string, kept: number): Promise<void> {
    const spent = this.#sql.spent.all({ source: this.#numberOf(source), kept }) as unknown as { id: number }[];
    for (const { id } of spent) {
      while (Number(this.#sql.dropFindings.run(id, chunkRows).changes) === chunkRows) await sleep(breathMs);
      this.#sql.dropScan.run(id);
    }
  }

  #numberOf(source: string): number {
    return (this.#sql.source.get(source) as { id: number }).id;
  }

  #count(scan: OpenScan, counts: Counts): void {
    this.#sql.countScan.run({ ...counts, scan: scan.id });
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

function none(): Counts {
  return { files: 0, bytes: 0, added: 0, changed: 0, vanished: 0, findings: 0 };
}

function sum(rows: readonly SizedRow[]): number {
  return rows.reduce((bytes, { size }) => bytes + size, 0);
}

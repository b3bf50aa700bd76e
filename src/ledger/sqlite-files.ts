import type { DatabaseSync } from 'node:sqlite';
import type { Files, Finding, FindingKind, ScanRecord, SourceFile } from './files.ts';
import { openFilesDatabase } from './files-database.ts';
import { type FilesStatements, prepareFiles } from './files-statements.ts';

interface FileRow {
  readonly key: string;
  readonly source: number;
  readonly size: number;
  readonly mtime_us: number;
  readonly mode: number;
}

interface SourceRow {
  readonly id: number;
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  readonly news_ms: number | null;
}

export interface ScanRow {
  readonly id: number;
  readonly source: number;
  readonly by: ScanRecord['by'];
  readonly began_ms: number;
  readonly ended_ms: number | null;
  readonly files: number;
  readonly bytes: number;
  readonly added: number;
  readonly changed: number;
  readonly vanished: number;
  readonly findings: number;
  readonly cursor: string | null;
  readonly fingerprint: string | null;
}

/** What the sources hold, in one SQLite file; read while a scan writes in another process. */
export class SqliteFiles implements Files {
  readonly #db: DatabaseSync;
  readonly #sql: FilesStatements;
  /** A source keeps its number for good. */
  readonly #names = new Map<number, string>();

  constructor(file: string) {
    this.#db = openFilesDatabase(file);
    this.#sql = prepareFiles(this.#db);
  }

  async page(after: { key: string; source: string } | undefined, limit: number): Promise<readonly SourceFile[]> {
    const rest = after ? this.#of(after.key).filter(({ source }) => source > after.source) : [];
    const more = this.#files(this.#sql.after.all(after?.key ?? '', limit));
    const last = more.length === limit ? more.at(-1)?.key : undefined;
    if (last === undefined) return [...rest, ...more].slice(0, limit);
    // The limit may have cut the last key's sources, which the table has in another order.
    return [...rest, ...more.filter(({ key }) => key !== last), ...this.#of(last)].slice(0, limit);
  }

  async of(key: string): Promise<readonly SourceFile[]> {
    return this.#of(key);
  }

  async findings(offset: number, limit: number): Promise<readonly Finding[]> {
    const found: Finding[] = [];
    let skip = offset;
    for (const { id, name } of this.#sources()) {
      const scan = this.#newestEnded(id) ?? this.#newestOpen(id);
      if (scan === undefined) continue;
      if (skip >= scan.findings) {
        skip -= scan.findings;
        continue;
      }
      found.push(...findingsOf(name, this.#sql.findings.all(scan.id, limit - found.length, skip)));
      skip = 0;
      if (found.length >= limit) break;
    }
    return found;
  }

  async findingsByKind(source: string, examples: number) {
    const number = this.#sources().find(({ name }) => name === source)?.id;
    const scan = number === undefined ? undefined : (this.#newestEnded(number) ?? this.#newestOpen(number));
    if (scan === undefined) return [];
    const kinds = this.#sql.findingKinds.all(scan.id) as unknown as { kind: FindingKind; count: number }[];
    return kinds.map(({ kind, count }) => ({
      kind,
      count,
      examples: findingsOf(source, this.#sql.findingsOfKind.all(scan.id, kind, examples)),
    }));
  }

  async scans(): ReturnType<Files['scans']> {
    return this.#sources().flatMap(({ id, name, news_ms: newsMs }) => {
      const last = this.#newestEnded(id);
      const open = this.#newestOpen(id);
      const newer = open && open.id > (last?.id ?? 0) ? open : undefined;
      if (!last && !newer) return [];
      return [
        { last: last && scanRecord(name, last), open: newer && scanRecord(name, newer), newsMs: newsMs ?? undefined },
      ];
    });
  }

  async totals(): Promise<readonly { readonly source: string; readonly files: number; readonly bytes: number }[]> {
    return this.#sources().map(({ name, files, bytes }) => ({ source: name, files, bytes }));
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #of(key: string): SourceFile[] {
    return this.#files(this.#sql.of.all(key));
  }

  /** The rows are in order of key, then of the source's number; the files in that of its name. */
  #files(rows: unknown[]): SourceFile[] {
    const files = (rows as FileRow[]).map(({ key, source, size, mtime_us: mtimeUs, mode }) => ({
      key,
      source: this.#name(source),
      size,
      mtimeUs,
      mode,
    }));
    for (let i = 1; i < files.length; i++) {
      const file = files[i]!;
      let at = i;
      for (; at > 0 && files[at - 1]!.key === file.key && files[at - 1]!.source > file.source; at--)
        files[at] = files[at - 1]!;
      files[at] = file;
    }
    return files;
  }

  #name(id: number): string {
    if (!this.#names.has(id)) for (const source of this.#sources()) this.#names.set(source.id, source.name);
    return this.#names.get(id)!;
  }

  #sources(): SourceRow[] {
    return this.#sql.sources.all() as unknown as SourceRow[];
  }

  #newestEnded(source: number): ScanRow | undefined {
    return this.#sql.newestEnded.get(source) as ScanRow | undefined;
  }

  #newestOpen(source: number): ScanRow | undefined {
    return this.#sql.newestOpen.get(source) as ScanRow | undefined;
  }
}

function findingsOf(source: string, rows: unknown[]): Finding[] {
  return (rows as { path: string; kind: FindingKind; detail: string | null }[]).map(({ path, kind, detail }) => ({
    source,
    kind,
    path,
    detail: detail ?? undefined,
  }));
}

export function scanRecord(source: string, row: ScanRow): ScanRecord {
  const { by, began_ms: beganMs, ended_ms, files, bytes, added, changed, vanished, findings } = row;
  return { source, by, beganMs, endedMs: ended_ms ?? undefined, files, bytes, added, changed, vanished, findings };
}

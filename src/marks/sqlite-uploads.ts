import type { DatabaseSync } from 'node:sqlite';
import type { BatchWriter } from '../lib/batch-writer.ts';
import type { PendingUpload, Uploads } from './uploads.ts';

/** Spaces removes unfinished uploads after 30 days; a day more is kept here. */
const keptMs = 31 * 24 * 3600 * 1000;

/** Multipart uploads in `marks.db`. */
export class SqliteUploads implements Uploads {
  readonly #writer: BatchWriter;
  readonly #sql: ReturnType<typeof prepareUploads>;

  constructor(db: DatabaseSync, writer: BatchWriter) {
    this.#writer = writer;
    this.#sql = prepareUploads(db);
  }

  begin(uploadId: string, { key, intentId, acl }: PendingUpload, nowMs: number): Promise<void> {
    return this.#writer.write(() => {
      this.#sql.forgetOld.run(nowMs - keptMs);
      this.#sql.add.run({ uploadId, key, intentId, acl: acl ?? null, nowMs });
    });
  }

  async find(uploadId: string): Promise<PendingUpload | undefined> {
    const row = this.#sql.find.get(uploadId) as
      | { key: string; intentId: string; acl: 'public' | 'private' | null }
      | undefined;
    return row && { ...row, acl: row.acl ?? undefined };
  }

  end(uploadId: string): Promise<void> {
    return this.#writer.write(() => {
      this.#sql.end.run(uploadId);
    });
  }
}

function prepareUploads(db: DatabaseSync) {
  return {
    add: db.prepare(
      `INSERT INTO uploads (id, key, intent_id, acl, begun_ms) VALUES (:uploadId, :key, :intentId, :acl, :nowMs)
       ON CONFLICT (id) DO UPDATE SET key = :key, intent_id = :intentId, acl = :acl, begun_ms = :nowMs`,
    ),
    find: db.prepare('SELECT key, intent_id AS intentId, acl FROM uploads WHERE id = ?'),
    end: db.prepare('DELETE FROM uploads WHERE id = ?'),
    forgetOld: db.prepare('DELETE FROM uploads WHERE begun_ms < ?'),
  };
}

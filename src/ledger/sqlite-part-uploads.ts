import type { DatabaseSync } from 'node:sqlite';
import type { BatchWriter } from '../lib/batch-writer.ts';
import type { PartUpload, PartUploads } from './part-uploads.ts';

/** Uploads in parts, beside the attempts that complete them. */
export class SqlitePartUploads implements PartUploads {
  readonly #writer: BatchWriter;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: DatabaseSync, writer: BatchWriter) {
    this.#writer = writer;
    this.#sql = prepare(db);
  }

  begun({ uploadId, key, copyId }: PartUpload, nowMs: number): Promise<void> {
    return this.#writer.write(() => {
      this.#sql.begun.run({ uploadId, key, copyId, nowMs });
    });
  }

  over(uploadId: string): Promise<void> {
    return this.#writer.write(() => {
      this.#sql.over.run(uploadId);
    });
  }

  async made(copyId: string): Promise<void> {
    if (this.#sql.isBegun.get(copyId))
      await this.#writer.write(() => {
        this.#sql.made.run(copyId);
      });
  }

  async left(limit: number): Promise<readonly PartUpload[]> {
    return this.#sql.left.all(limit) as unknown as PartUpload[];
  }
}

function prepare(db: DatabaseSync) {
  return {
    begun: db.prepare(
      `INSERT INTO part_uploads (upload_id, key, copy_id, begun_ms) VALUES (:uploadId, :key, :copyId, :nowMs)
       ON CONFLICT (upload_id) DO NOTHING`,
    ),
    over: db.prepare('DELETE FROM part_uploads WHERE upload_id = ?'),
    isBegun: db.prepare('SELECT 1 FROM part_uploads WHERE copy_id = ?'),
    made: db.prepare('DELETE FROM part_uploads WHERE copy_id = ?'),
    left: db.prepare(
      `SELECT upload_id AS uploadId, key, copy_id AS copyId FROM part_uploads
       WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.id = part_uploads.copy_id) ORDER BY begun_ms LIMIT ?`,
    ),
  };
}

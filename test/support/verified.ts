import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface PutDown {
  readonly clean?: boolean;
  /** When it ended, in milliseconds since the epoch. Default: now. */
  readonly endedMs?: number;
  readonly different?: number;
}

/** Puts the result of a verification on record, as `upstairs verify` would, for tests of what follows from it. */
export function putDownVerification(
  stateDir: string,
  sources: readonly string[],
  { clean = true, endedMs = Date.now(), different = clean ? 0 : 1 }: PutDown = {},
): void {
  const db = new DatabaseSync(join(stateDir, 'ledger.db'), { timeout: 5000 });
  try {
    const { lastInsertRowid } = db
      .prepare(
        `INSERT INTO verifications (began_ms, ended_ms, mode, percent, clean, equal, only_below, only_above, different, error, excepted, state_hash)
         VALUES (?, ?, 'recorded', 0, ?, 1, 0, 0, ?, 0, 0, '')`,
      )
      .run(endedMs - 1, endedMs, clean ? 1 : 0, different);
    for (const source of sources)
      db.prepare('INSERT INTO verified_sources (source, verification) VALUES (?, ?)').run(source, lastInsertRowid);
  } finally {
    db.close();
  }
}

/** Writes that a source is retired, or is not, as `upstairs retire` does once it has its proof. */
export function putDownRetired(stateDir: string, source: string, retired: boolean): void {
  const db = new DatabaseSync(join(stateDir, 'ledger.db'), { timeout: 5000 });
  try {
    if (retired) db.prepare('INSERT INTO retired (source, since_ms) VALUES (?, ?)').run(source, Date.now());
    else db.prepare('DELETE FROM retired WHERE source = ?').run(source);
  } finally {
    db.close();
  }
}

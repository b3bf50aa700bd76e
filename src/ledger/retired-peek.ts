import { existsSync } from 'node:fs';
import { peekDatabase } from '../lib/peek-database.ts';

/**
 * Names of the retired sources, read from a ledger's file without changing anything in it. None where there is no such file, or where it is
 * of an earlier version of the program.
 */
export function retiredIn(file: string): ReadonlySet<string> {
  if (!existsSync(file)) return new Set();
  const db = peekDatabase(file);
  try {
    if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'retired'").get()) return new Set();
    const rows = db.prepare('SELECT source FROM retired').all() as { source: string }[];
    return new Set(rows.map(({ source }) => source));
  } finally {
    db.close();
  }
}

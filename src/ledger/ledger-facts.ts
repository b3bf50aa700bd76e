import { peekDatabase } from '../lib/peek-database.ts';
import type { Binding } from './ledger.ts';

/** What a ledger says of itself. */
export interface LedgerFacts {
  readonly id: string;
  readonly binding: Binding | undefined;
}

/** Reads a ledger's file and changes nothing in it, not even to bring it to this program's version. Undefined: it has no id yet. */
export function ledgerFacts(file: string): LedgerFacts | undefined {
  const db = peekDatabase(file);
  try {
    const row = db.prepare('SELECT id, endpoint, bucket FROM ledger').get() as
      | { id: string; endpoint: string | null; bucket: string | null }
      | undefined;
    if (row === undefined) return undefined;
    const { id, endpoint, bucket } = row;
    return { id, binding: endpoint === null || bucket === null ? undefined : { endpoint, bucket } };
  } finally {
    db.close();
  }
}

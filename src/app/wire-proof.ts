import { ledgerMigrations } from '../ledger/ledger-schema.ts';
import { SqliteLedgerSummary } from '../ledger/sqlite-ledger-summary.ts';
import { SqliteRetired } from '../ledger/sqlite-retired.ts';
import { SqliteSourceUse } from '../ledger/sqlite-source-use.ts';
import { SqliteTierShares } from '../ledger/sqlite-tier-shares.ts';
import { SqliteVerifications } from '../ledger/sqlite-verifications.ts';
import { openDatabase } from '../lib/sqlite.ts';

export { retiredIn } from '../ledger/retired-peek.ts';

export type Proof = ReturnType<typeof openProof>;

/** What the ledger's file knows beside the copies, also beside a running program: in short transactions of its own. */
export function openProof(file: string) {
  const db = openDatabase(file, ledgerMigrations);
  const verifications = new SqliteVerifications(file);
  return {
    verifications,
    retired: new SqliteRetired(db),
    use: new SqliteSourceUse(db),
    shares: new SqliteTierShares(db),
    summary: new SqliteLedgerSummary(db),
    close: async () => {
      await verifications.close();
      db.close();
    },
  };
}

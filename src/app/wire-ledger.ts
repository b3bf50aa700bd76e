import type { Ledger } from '../ledger/ledger.ts';
import type { RecordedCopies } from '../ledger/recorded-copies.ts';
import { SqliteLedger } from '../ledger/sqlite-ledger.ts';

export { ledgerFacts } from '../ledger/ledger-facts.ts';
export { hasMarks } from '../marks/marks-peek.ts';

/** How long a ledger write waits for company, in milliseconds. */
const batchMs = 5;

/** The ledger in this file, also beside a running program. Commands that need nothing else of the program begin here. */
export function openLedger(file: string): Ledger & RecordedCopies {
  return new SqliteLedger(file, { batchMs });
}

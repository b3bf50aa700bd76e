import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KnownState } from '../doctor/bucket-area.ts';
import { ledgerFacts } from '../ledger/ledger-facts.ts';
import { MarksPeek } from '../marks/marks-peek.ts';

/** What the state knows; undefined: it cannot be read, which is told where the state is examined. */
export function peekState(dir: string): (KnownState & { hides(key: string): boolean; close(): void }) | undefined {
  const ledgerFile = join(dir, 'ledger.db');
  const marksFile = join(dir, 'marks.db');
  let marks: MarksPeek | undefined;
  try {
    const ledger = existsSync(ledgerFile) ? ledgerFacts(ledgerFile) : undefined;
    if (existsSync(marksFile)) marks = new MarksPeek(marksFile);
    marks?.shown('');
    return {
      ledger: ledger && { id: ledger.id, bucket: ledger.binding?.bucket },
      hides: (key) => ['private', 'gone'].includes(marks?.shown(key) ?? ''),
      close: () => marks?.close(),
    };
  } catch {
    marks?.close();
    return undefined;
  }
}

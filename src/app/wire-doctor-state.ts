import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KnownState } from '../doctor/bucket-area.ts';
import { ledgerFacts } from '../ledger/ledger-facts.ts';
import { retiredIn } from '../ledger/retired-peek.ts';
import { hasMarks, MarksPeek } from '../marks/marks-peek.ts';
import type { DiskGate } from '../sources/disk-gate.ts';

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

/** Whether there is a ledger that belongs to a bucket, and no marks. False where that cannot be read, which is told by its check. */
export function marksLostIn(dir: string): boolean {
  const ledgerFile = join(dir, 'ledger.db');
  try {
    return existsSync(ledgerFile) && ledgerFacts(ledgerFile)?.binding !== undefined && !hasMarks(join(dir, 'marks.db'));
  } catch {
    return false;
  }
}

/** Names of the sources that are not to be looked at. None where the state does not answer, or cannot be read: both are told elsewhere. */
export async function retiredOf(dir: string, gate: DiskGate): Promise<ReadonlySet<string>> {
  const file = join(dir, 'ledger.db');
  try {
    await gate.read(() => stat(file));
    return retiredIn(file);
  } catch {
    return new Set();
  }
}

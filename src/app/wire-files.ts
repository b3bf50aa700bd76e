import { join } from 'node:path';
import type { Files } from '../ledger/files.ts';
import type { ScanWriter } from '../ledger/scan-writer.ts';
import { SqliteFiles } from '../ledger/sqlite-files.ts';
import { SqliteScanWriter } from '../ledger/sqlite-scan-writer.ts';

/** Beside marks.db and ledger.db, and not in backups: it can be made again by looking. */
export function filesDatabase(stateDir: string): string {
  return join(stateDir, 'files.db');
}

/** What scans have told of the sources; also beside a running scan. */
export function openFiles(stateDir: string): Files {
  return new SqliteFiles(filesDatabase(stateDir));
}

/** For the one process that holds the lock of scans. */
export function openScanWriter(stateDir: string): ScanWriter {
  return new SqliteScanWriter(filesDatabase(stateDir));
}

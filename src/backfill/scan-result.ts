import type { Files, ScanRecord } from '../ledger/files.ts';

/** How one source's scan went. */
export interface ScanResult {
  readonly source: string;
  readonly whole: boolean;
  /** Why it is not whole. */
  readonly why: string | undefined;
  /** Undefined: it was not begun. */
  readonly record: ScanRecord | undefined;
  /** Of a whole scan. */
  readonly findings: Awaited<ReturnType<Files['findingsByKind']>>;
  /** Names or lines that were looked at now, and how long that took, in milliseconds. */
  readonly entries: number;
  readonly ms: number;
}

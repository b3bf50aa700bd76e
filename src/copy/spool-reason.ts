import type { CopyReason } from '../ledger/ledger.ts';

/** Why the bytes of a source could not be had whole, by the error's stable code. */
export function reasonOf(error: unknown): CopyReason {
  switch ((error as { code?: string }).code) {
    case 'CHANGED':
    case 'LENGTH_MISMATCH':
      return 'changed';
    case 'EIO':
      return 'damaged';
    case 'TIMEOUT':
    case 'BUSY':
    case 'BROKEN':
      return 'source-unavailable';
    case 'STORAGE':
      return 'no-spool-room';
    case 'ABANDONED':
      return 'cancelled';
    default:
      return 'internal';
  }
}

import { timeoutCodes } from '../lib/timeout-codes.ts';
import type { BucketTrouble } from './bucket.ts';

/** Names what went wrong on the way to the store. */
export function troubleOf(error: unknown): BucketTrouble {
  const { code, name } = error as { code?: string; name?: string };
  if (code !== undefined && timeoutCodes.has(code)) return 'timeout';
  if (name !== undefined && timeoutCodes.has(name)) return 'timeout';
  if (name === 'HTTPParserError' || code?.startsWith('HPE_') || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
    return 'protocol';
  return 'connect';
}

import { z } from 'zod';

/** Names of tiers that are not sources: logs and metrics could not tell them apart. */
const takenNames = ['cache', 'bucket', 'none'];

/** Schema of a source's name: the tier that Cache-Status and the metrics show. */
export function sourceName() {
  return z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, { error: 'must be 1 to 32 of a-z, 0-9 and "-"', abort: true })
    .refine((value) => !takenNames.includes(value), {
      error: 'must not be "cache" or "bucket", which are tiers already, nor "none"',
    })
    .describe('Name in logs, metrics and Cache-Status');
}

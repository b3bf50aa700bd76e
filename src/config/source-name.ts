import { z } from 'zod';
import { nearestName } from '../lib/nearest-name.ts';
import { OperatorError } from '../lib/operator-error.ts';

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

/** A source was named that the configuration does not have. */
export class SourceUnknownError extends OperatorError<'SOURCE_UNKNOWN'> {
  constructor(name: string, configured: readonly string[]) {
    const near = nearestName(name, configured);
    super('SOURCE_UNKNOWN', {
      found: `there is no source ${name} in the configuration`,
      expected: `a source of the configuration: ${configured.join(', ')}`,
      todo: near === undefined ? 'give it the name that the configuration has' : `did you mean ${near}?`,
    });
  }
}

import { isTimeout } from './remote-bytes.ts';
import { RemoteAnswerError } from './remote-facts.ts';
import { type SourceAnswer, SourceReadError, type SourceTrouble } from './source.ts';

export type Unavailable = Extract<SourceAnswer, { kind: 'unavailable' }>;

export function unavailable(trouble: SourceTrouble, cause: unknown): Unavailable {
  return { kind: 'unavailable', trouble, cause };
}

/** The answer for a source that could not be asked, or whose answer cannot be used. */
export function unavailableFor(error: unknown): Unavailable {
  if (error instanceof SourceReadError && error.code === 'BUSY') return unavailable('busy', error);
  return unavailable(isTimeout(error) ? 'timeout' : 'io', error);
}

/** Statuses of a server that is overloaded, or has nobody behind it. */
const downs = new Set(['STATUS_429', 'STATUS_502', 'STATUS_503', 'STATUS_504']);

/** Whether the source itself or the way to it is the trouble, and not one object or our haste: asking at once again helps nobody. */
export function isDown({ trouble, cause }: Unavailable): boolean {
  if (trouble === 'timeout') return true;
  if (trouble !== 'io') return false;
  return !(cause instanceof RemoteAnswerError) || downs.has(cause.code);
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FileLock } from '../lib/file-lock.ts';
import { CommandError } from './command-error.ts';

/**
 * Takes a state directory for this process alone, creating it where it is missing. Two that serve from one state would each remember half
 * of what was decided.
 * @throws CommandError STATE_IN_USE, STATE_UNUSABLE
 */
export function lockState(dir: string): FileLock {
  mkdirSync(dir, { recursive: true });
  const lock = take(join(dir, 'lock.db'));
  if (lock === undefined)
    throw new CommandError(
      'STATE_IN_USE',
      `the state directory ${dir} is in use by another \`upstairs serve\` or \`upstairs ledger restore\`: stop that one first`,
    );
  return lock;
}

/**
 * Takes the right to scan into a state directory, beside a running `serve`. Two scans would each take for vanished what the other saw.
 * @throws CommandError SCAN_RUNNING, STATE_UNUSABLE
 */
export function lockScans(dir: string): FileLock {
  mkdirSync(dir, { recursive: true });
  const lock = take(join(dir, 'scan.db'));
  if (lock === undefined)
    throw new CommandError(
      'SCAN_RUNNING',
      `another scan is under way in ${dir}, by hand or by \`upstairs serve\`: wait until it has ended`,
    );
  return lock;
}

function take(file: string): FileLock | undefined {
  try {
    return FileLock.take(file);
  } catch (error) {
    throw new CommandError('STATE_UNUSABLE', `${file} cannot be locked: ${(error as Error).message}`, { cause: error });
  }
}

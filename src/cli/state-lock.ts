import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FileLock } from '../lib/file-lock.ts';
import { systemWords } from '../lib/system-words.ts';
import { CommandError } from './command-error.ts';

/**
 * Takes a state directory for this process alone, creating it where it is missing. Two that serve from one state would each remember half
 * of what was decided.
 * @throws CommandError STATE_IN_USE, STATE_UNUSABLE
 */
export function lockState(dir: string): FileLock {
  made(dir);
  const lock = take(join(dir, 'lock.db'));
  if (lock === undefined)
    throw new CommandError('STATE_IN_USE', {
      found: `the state directory ${dir} is in use by another \`upstairs serve\` or \`upstairs ledger restore\``,
      expected: 'a state directory that nobody works on',
      todo: 'stop that one first, or give this one a state.dir of its own',
    });
  return lock;
}

/**
 * Takes the right to scan into a state directory, beside a running `serve`. Two scans would each take for vanished what the other saw.
 * @throws CommandError SCAN_RUNNING, STATE_UNUSABLE
 */
export function lockScans(dir: string): FileLock {
  made(dir);
  const lock = take(join(dir, 'scan.db'));
  if (lock === undefined)
    throw new CommandError('SCAN_RUNNING', {
      found: `another scan is under way in ${dir}, by hand or by \`upstairs serve\``,
      expected: 'one scan at a time',
      todo: 'wait until it has ended',
    });
  return lock;
}

function take(file: string): FileLock | undefined {
  try {
    return FileLock.take(file);
  } catch (error) {
    throw stateUnusable(`${file} cannot be locked`, error);
  }
}

function made(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw stateUnusable(`the state directory ${dir} cannot be made`, error);
  }
}

function stateUnusable(what: string, cause: unknown): CommandError {
  const told = systemWords(cause);
  return new CommandError(
    'STATE_UNUSABLE',
    {
      found: `${what}: ${told?.found ?? (cause as Error).message}`,
      expected: "a directory of this user's own, on a local file system that has locks",
      todo: told?.todo ?? 'give state.dir another place',
    },
    { cause },
  );
}

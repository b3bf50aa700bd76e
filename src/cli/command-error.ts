import { OperatorError } from '../lib/operator-error.ts';
import { systemWords } from '../lib/system-words.ts';

export type CommandErrorCode =
  /** Another process works on the state directory. */
  | 'STATE_IN_USE'
  /** Another scan is under way. */
  | 'SCAN_RUNNING'
  /** It was not said which source is meant, or none is left. */
  | 'SOURCE_UNCLEAR'
  /** A source that is not on this machine cannot be walked. */
  | 'MANIFEST_NEEDED'
  /** The state directory cannot be locked: rights, or a file system without locks. */
  | 'STATE_UNUSABLE'
  /** Another process lists the bucket. */
  | 'INVENTORY_IN_USE'
  /** By a signal, or answers that ended before the questions did. */
  | 'BROKEN_OFF'
  /** There is no state, or none that was ever bound to a bucket. */
  | 'NO_STATE'
  /** A database of the state directory does not pass its own check. */
  | 'STATE_DAMAGED'
  /** A restore would overwrite a state. */
  | 'STATE_EXISTS'
  /** A backup would be mixed with something else, or overwrite an earlier one. */
  | 'DIRECTORY_IN_USE'
  | 'NO_BACKUP'
  | 'BACKUP_DAMAGED'
  /** An option is no duration. */
  | 'WRONG_DURATION'
  /** The bucket that was named is not the configured one. */
  | 'WRONG_BUCKET'
  /** A file would be overwritten. */
  | 'FILE_EXISTS'
  | 'FILE_UNREADABLE'
  /** Answers that a set-up needs were not given, and nobody may be asked. */
  | 'ANSWERS_MISSING'
  | 'ANSWER_WRONG'
  /** No `upstairs serve` answers on the admin listener. */
  | 'NOT_SERVING'
  /** It answers, and refuses. */
  | 'REFUSED'
  /** What was asked for cannot be had together. */
  | 'OPTIONS_WRONG';

/** What keeps a command from doing its work. */
export class CommandError extends OperatorError<CommandErrorCode> {}

/** Options that do not go together, or that are not what they should be. */
export function optionsWrong(found: string, todo: string): CommandError {
  return new CommandError('OPTIONS_WRONG', { found, expected: 'options that go together', todo });
}

/** By a signal, or because the answers ended. `left`: what holds now. */
export function brokenOff(left: string, todo: string): CommandError {
  return new CommandError('BROKEN_OFF', { found: `broken off: ${left}`, expected: 'to come to the end', todo });
}

/** A file that was named on the command line. `cause`: what the system said. */
export function fileUnreadable(file: string, cause: unknown): CommandError {
  const told = systemWords(cause);
  return new CommandError(
    'FILE_UNREADABLE',
    {
      found: `${file} cannot be read: ${told?.found ?? (cause as Error).message}`,
      expected: told?.expected ?? 'a file that this user may read',
      todo: told?.todo ?? 'see that it is the right one',
    },
    { cause },
  );
}

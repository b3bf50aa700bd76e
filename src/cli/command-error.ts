export type CommandErrorCode =
  /** Another process works on the state directory. */
  | 'STATE_IN_USE'
  /** Another scan is under way. */
  | 'SCAN_RUNNING'
  /** There is no such source, or it does not say which one is meant. */
  | 'SOURCE_UNKNOWN'
  /** A source that is not on this machine cannot be walked. */
  | 'MANIFEST_NEEDED'
  /** The state directory cannot be locked: rights, or a file system without locks. */
  | 'STATE_UNUSABLE'
  /** Another process lists the bucket. */
  | 'INVENTORY_IN_USE'
  /** Ended by a signal. */
  | 'INTERRUPTED'
  /** There is nothing to back up. */
  | 'NO_STATE'
  /** A database of the state directory does not pass its own check. */
  | 'STATE_DAMAGED'
  /** A restore would overwrite a state. */
  | 'STATE_EXISTS'
  /** A backup would be mixed with something else, or overwrite an earlier one. */
  | 'DIRECTORY_IN_USE'
  | 'NO_BACKUP'
  | 'BACKUP_DAMAGED'
  /** The bucket that was named is not the configured one. */
  | 'WRONG_BUCKET'
  /** A file would be overwritten. */
  | 'FILE_EXISTS'
  | 'FILE_UNREADABLE'
  /** Answers that a set-up needs were not given, and nobody may be asked. */
  | 'ANSWERS_MISSING'
  | 'ANSWER_WRONG'
  /** The answers ended before the questions did. */
  | 'BROKEN_OFF'
  /** There is no ledger: `serve` was never started. */
  | 'NO_LEDGER'
  /** No `upstairs serve` answers on the admin listener. */
  | 'NOT_SERVING'
  /** It answers, and refuses. */
  | 'REFUSED'
  /** What was asked for cannot be had together. */
  | 'OPTIONS_WRONG';

/** What keeps a command from doing its work, and what the operator can do about it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: CommandErrorCode;

  constructor(code: CommandErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

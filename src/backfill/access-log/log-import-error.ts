import { OperatorError } from '../../lib/operator-error.ts';

export type LogImportErrorCode =
  /** None of its lines could be read. */
  | 'LOG_FORMAT_UNKNOWN'
  /** It begins as a log that was read before, and goes on in another way. */
  | 'LOG_CHANGED';

/** Why a log is not counted, and what to do. */
export class LogImportError extends OperatorError<LogImportErrorCode> {}

import { CommanderError } from 'commander';
import { storeWords } from '../bucket/store-words.ts';
import { ConfigError, type Problem } from '../config/problems.ts';
import { causesOf } from '../lib/causes-of.ts';
import { type CodedWords, OperatorError, type Told } from '../lib/operator-error.ts';
import { systemWords } from '../lib/system-words.ts';
import type { ExitName } from './exit-codes.ts';
import { usageWords } from './usage-words.ts';

/** An error as it is printed. */
export interface ToldError extends Told {
  readonly code: string;
  readonly exit: ExitName;
  /** Of a configuration: each for itself. */
  readonly problems?: readonly Problem[];
  /** Of an error of the program's own, for whoever looks into it. */
  readonly stack?: string | undefined;
}

/** Sources have words of their own: what is not reached otherwise is the store. */
const store = { host: 'the store', option: 'bucket.endpoint' };

/** Codes of errors that lie in the command line alone. */
const usageCodes = new Set(['OPTIONS_WRONG', 'WRONG_DURATION', 'SOURCE_UNCLEAR']);

/**
 * Any error in the one shape that there is. What the program did not foresee is told as its own, with its stack.
 * @param command the one that was called: `upstairs ledger backup`
 */
export function toldError(error: unknown, command: string): ToldError {
  if (error instanceof CommanderError) return { code: 'USAGE', exit: 'usage', ...usageWords(error, command) };
  if (error instanceof OperatorError) {
    const { code, found, expected, todo } = error;
    const problems = error instanceof ConfigError ? { problems: error.problems } : {};
    // One that came from another process of ours.
    const own = code === 'INTERNAL' ? { stack: error.stack } : {};
    return { code, exit: usageCodes.has(code) ? 'usage' : 'failed', found, expected, todo, ...problems, ...own };
  }
  const words = storeAnswered(error) ?? systemWords(error, store);
  if (words) return { exit: 'failed', ...words };
  return {
    code: 'INTERNAL',
    exit: 'failed',
    found: `an error of the program's own: ${error instanceof Error ? error.message : 'not even an error was thrown'}`,
    expected: 'a program without this error',
    todo: 'please report it, with what follows',
    stack: error instanceof Error ? error.stack : undefined,
  };
}

/** The SDK's errors carry the status of the answer, also as the cause of one that says what was asked. */
function storeAnswered(error: unknown): CodedWords | undefined {
  for (const cause of causesOf(error)) {
    const {
      name = 'Error',
      Code,
      $metadata,
    } = cause as {
      name?: string;
      Code?: string;
      $metadata?: { httpStatusCode?: number };
    };
    const status = $metadata?.httpStatusCode;
    const code = Code ?? name;
    if (status !== undefined) return { code, ...storeWords(status, code, 'that is configured') };
  }
  return undefined;
}

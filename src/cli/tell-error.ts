import { printable } from '../lib/printable.ts';
import { coloured } from './colour.ts';
import { endWith } from './exit-codes.ts';
import type { ToldError } from './told-error.ts';

/** Prints an error, the only place where that is done, and sets the exit code. With `json` as the last line of standard error, else in three parts. */
export function tellError(error: ToldError, { json }: { json: boolean }): void {
  process.stderr.write(json ? errorJson(error) : errorText(error));
  endWith(error.exit);
}

/** As the admin listener answers errors, on one line. */
export function errorJson({ code, found, expected, todo, problems, stack }: ToldError): string {
  const error = { code, message: found, expected, todo, ...(problems && { problems }), stack };
  return `${JSON.stringify({ error })}\n`;
}

export function errorText({ found, expected, todo, stack }: ToldError): string {
  const lines = [
    `${coloured('bad', 'upstairs:', process.stderr)} ${shown(found)}`,
    `  expected: ${shown(expected)}`,
    `  to do: ${shown(todo)}`,
    ...(stack === undefined ? [] : [shown(stack)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A problem a line, and a call of a stack. */
function shown(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

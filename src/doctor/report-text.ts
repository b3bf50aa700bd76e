import type { Finding, Level } from './finding.ts';

export interface TextOptions {
  /** Also a line for each check that found nothing. */
  readonly verbose: boolean;
  readonly colour: boolean;
}

const colours: Record<Level, number> = { ok: 32, warning: 33, error: 31 };
const order: Record<Level, number> = { error: 0, warning: 1, ok: 2 };

/** One line a finding, the worst first, and a last line that sums up. */
export function reportText(findings: readonly Finding[], { verbose, colour }: TextOptions): string {
  const shown = findings.filter(({ level }) => verbose || level !== 'ok');
  const lines = shown.sort((a, b) => order[a.level] - order[b.level]).map((finding) => line(finding, colour));
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const sum = `${count('error')} errors, ${count('warning')} warnings, ${count('ok')} checks found nothing wrong`;
  return [...lines, sum, ''].join('\n');
}

/** One object with all findings, `ok` ones included, for programs. */
export function reportJson(findings: readonly Finding[]): string {
  return `${JSON.stringify({ findings }, null, 2)}\n`;
}

function line({ level, check, found, expected, todo }: Finding, colour: boolean): string {
  const label = colour ? `\u001b[${colours[level]}m${level}\u001b[0m` : level;
  const rest = level === 'ok' ? '' : ` | expected: ${printable(expected)} | to do: ${printable(todo)}`;
  return `${label} ${printable(check)}: ${printable(found)}${rest}`;
}

/** Names of files and answers of stores come from elsewhere: they must not begin a line or speak to the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}

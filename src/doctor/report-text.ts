import { printable } from '../lib/printable.ts';
import type { Finding, Level } from './finding.ts';

export interface TextOptions {
  /** Also a line for each check that found nothing. */
  readonly verbose: boolean;
  /** Colours a word by its level, or leaves it as it is. */
  readonly paint: (level: Level, text: string) => string;
}

const order: Record<Level, number> = { error: 0, warning: 1, ok: 2 };

/** One line a finding, the worst first, and a last line that sums up. */
export function reportText(findings: readonly Finding[], { verbose, paint }: TextOptions): string {
  const shown = findings.filter(({ level }) => verbose || level !== 'ok');
  const lines = shown.sort((a, b) => order[a.level] - order[b.level]).map((finding) => line(finding, paint));
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const sum = `${count('error')} errors, ${count('warning')} warnings, ${count('ok')} checks found nothing wrong`;
  return [...lines, sum, ''].join('\n');
}

/** One object with all findings, `ok` ones included, for programs. */
export function reportJson(findings: readonly Finding[]): string {
  return `${JSON.stringify({ findings }, null, 2)}\n`;
}

function line({ level, check, found, expected, todo }: Finding, paint: TextOptions['paint']): string {
  const rest = level === 'ok' ? '' : ` | expected: ${printable(expected)} | to do: ${printable(todo)}`;
  return `${paint(level, level)} ${printable(check)}: ${printable(found)}${rest}`;
}

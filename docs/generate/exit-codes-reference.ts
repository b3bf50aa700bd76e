import { commandExits } from '../../src/cli/command-exits.ts';
import { type ExitName, exitCodes } from '../../src/cli/exit-codes.ts';
import { code, generated, table } from './page.ts';

const introduction = `How commands end. A script needs no more than 0 for good; what the others tell apart is worth a mail or a second try.`;

const signals = `## Ended by a signal

\`check\` and \`status --watch\` end by the signal that broke them off (130 after Ctrl-C, 143 after \`SIGTERM\`, as a shell tells it); other commands say how far they came, and end with 1.
A process with a read on a disk that hangs cannot end by itself: having said and written down everything, it ends itself by \`SIGKILL\` (137).`;

/** The exit codes as a page. */
export function exitCodesReference(): string {
  const all = table(
    ['code', 'what it means'],
    Object.values(exitCodes).map(({ code: number, means }) => [String(number), means]),
  );
  const names = Object.keys(exitCodes) as ExitName[];
  const rows = Object.entries(commandExits).flatMap(([command, exits]) =>
    names
      .filter((name) => exits[name] !== undefined)
      .map((name) => [code(command), String(exitCodes[name].code), exits[name] ?? '']),
  );
  const each = table(['command', 'code', 'what it means'], rows);
  return `${generated('Exit codes', '`src/cli/exit-codes.ts` and `src/cli/command-exits.ts`', introduction)}\n${all}\n\n## By command\n\nWhere it is more than that:\n\n${each}\n\n${signals}\n`;
}

import type { Command } from 'commander';
import { commandExits } from './command-exits.ts';
import { examples } from './examples.ts';
import { type ExitName, exitCodes } from './exit-codes.ts';

/** Gives each command its examples and exit codes, behind what it has been given already. */
export function addHelpTexts(command: Command, before = ''): void {
  const name = `${before} ${command.name()}`.trim();
  for (const inner of command.commands) addHelpTexts(inner, name);
  command.addHelpText('after', () => [exitsText(name), examplesText(name)].filter(Boolean).join('\n'));
}

function exitsText(name: string): string {
  const lines = Object.entries(commandExits[name] ?? {}).map(
    ([exit, means]) => `  ${String(exitCodes[exit as ExitName].code).padEnd(3)} ${means}`,
  );
  return lines.length === 0 ? '' : ['', 'Exit codes:', ...lines].join('\n');
}

function examplesText(name: string): string {
  const own =
    examples[name] ??
    Object.keys(examples)
      .filter((other) => other.startsWith(`${name} `))
      .flatMap((other) => examples[other] ?? []);
  const lines = own.flatMap(([line, what]) => [`  ${line}`, `      ${what}`]);
  return ['', 'Examples:', ...lines].join('\n');
}

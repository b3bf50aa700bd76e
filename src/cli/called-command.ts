import type { Command } from 'commander';

/** The command that a command line is for, as far as it is known: `upstairs ledger backup`. */
export function calledCommand(program: Command, args: readonly string[]): string {
  const [first, ...rest] = args;
  const inner = program.commands.find((command) => command.name() === first);
  return inner === undefined ? program.name() : `${program.name()} ${calledCommand(inner, rest)}`;
}

import { Command } from 'commander';

/** The program's commands. main.ts runs as soon as it is imported: it is stopped where it would look at the command line. */
export async function program(): Promise<Command> {
  const { parseAsync } = Command.prototype;
  const seen: Command[] = [];
  Command.prototype.parseAsync = async function (this: Command) {
    seen.push(this);
    return this;
  };
  try {
    await import('../../src/main.ts');
  } finally {
    Command.prototype.parseAsync = parseAsync;
  }
  const [found] = seen;
  if (found === undefined) throw new Error('src/main.ts parses no command line, or was imported before');
  return found;
}

/** Commands that do something, `ledger backup` as one of them, with their whole names; none that are hidden. */
export function leaves(command: Command, before: readonly string[] = []): { name: string; command: Command }[] {
  const names = [...before, command.name()];
  if (command.commands.length === 0) return [{ name: names.join(' '), command }];
  const shown = new Set(command.createHelp().visibleCommands(command));
  return command.commands.filter((inner) => shown.has(inner)).flatMap((inner) => leaves(inner, names));
}

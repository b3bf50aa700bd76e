import type { Command } from 'commander';
import { beforeAll, describe, expect, test } from 'vitest';
import { jsonShapes } from '../../../docs/generate/json-shapes.ts';
import { leaves, program } from '../../../docs/generate/program.ts';
import { commandExits } from '../../../src/cli/command-exits.ts';
import { examples } from '../../../src/cli/examples.ts';

let upstairs: Command;
let commands: { name: string; command: Command }[];
const called: string[] = [];

beforeAll(async () => {
  upstairs = await program();
  commands = leaves(upstairs);
  for (const { name, command } of commands) command.action(() => void called.push(name));
}, 60_000);

/** Help as it is printed. */
function helpOf(command: Command): string {
  let printed = '';
  command.configureOutput({ writeOut: (text) => (printed += text) }).outputHelp();
  return printed;
}

function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap(all)];
}

describe('each command', () => {
  test('has an example in its help, those that have others below them too', () => {
    const shown = all(upstairs).map((command) => ({ name: command.name(), help: helpOf(command) }));
    expect(shown.length).toBeGreaterThan(20);
    for (const { name, help } of shown) expect(help, name).toMatch(/\nExamples:\n {2}upstairs .+\n {6}\S/);
    expect(Object.keys(examples).filter((name) => name !== 'upstairs')).toEqual(
      expect.arrayContaining(commands.map(({ name }) => name)),
    );
  });

  test('takes each of its examples as a command line, and no other command does', async () => {
    for (const [name, lines] of Object.entries(examples)) {
      for (const [line] of lines) {
        called.length = 0;
        await upstairs.parseAsync(['node', ...wordsOf(line)]);
        expect(called, line).toEqual([name === 'upstairs' ? expect.any(String) : name]);
      }
    }
  });

  test('tells its exit codes in its help', () => {
    const known = commands.map(({ name }) => name);
    for (const [name, exits] of Object.entries(commandExits)) {
      const { command } = commands[known.indexOf(name)] ?? {};
      const help = command ? helpOf(command) : '';
      for (const means of Object.values(exits)) expect(help, name).toContain(means);
    }
  });

  test('has --json, but for the one that serves and the one whose answer is JSON; and the reference has its shape', () => {
    const without = commands.filter(({ command }) => !command.options.some(({ long }) => long === '--json'));
    expect(without.map(({ name }) => name)).toEqual(['upstairs serve', 'upstairs schema']);
    const names = commands.filter((one) => !without.includes(one)).map(({ name }) => name);
    expect(names.filter((name) => jsonShapes[name] === undefined)).toEqual([]);
  });
});

/** As a shell splits it. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

import type { Command } from 'commander';
import { commandExits } from '../../src/cli/command-exits.ts';
import { examples } from '../../src/cli/examples.ts';
import { type ExitName, exitCodes } from '../../src/cli/exit-codes.ts';
import { code, generated, table } from './page.ts';
import { leaves } from './program.ts';

const introduction = `In a clone the program is \`bin/upstairs\`, which runs with the Node that \`npm ci\` brought, from any directory; a link to it is enough to
have it in the PATH. \`upstairs --help\` and \`upstairs COMMAND --help\` print what is here; \`upstairs --version\` the version. A command that fails says on standard error what
it found, what it expected and what to do; [exit codes](exit-codes.md) tells how each ends, [JSON](json.md) what \`--json\` prints. Where standard output is a terminal, colours tell good
from bad; \`NO_COLOR=1\` in the environment turns them off, \`FORCE_COLOR=1\` on. \`scan\`, \`inventory\` and \`verify\` are for Upstairs' own user: what root makes in the state
directory it cannot write.`;

/** The commands as a page: what each does, its arguments, its options. */
export function commandsReference(program: Command): string {
  const text = leaves(program).map(({ name, command }) => {
    const told = `## ${name}\n\n${[sentence(command.description()), afterHelp(command)].filter(Boolean).join(' ')}\n\n\`\`\`text\n${usage(name, command)}\n\`\`\``;
    const rows = [
      ...command.registeredArguments.map((argument) => [
        code(argument.required ? `<${argument.name()}>` : `[${argument.name()}]`),
        described(argument.description, argument.argChoices, argument.defaultValue),
      ]),
      ...command.options
        .filter(({ hidden }) => !hidden)
        .map((option) => [
          code(option.flags),
          described(option.description, option.argChoices, option.defaultValue, option.mandatory),
        ]),
    ];
    const parts = [told, rows.length > 0 && table(['', 'what it is'], rows), exitsOf(name), examplesOf(name)];
    return parts.filter(Boolean).join('\n\n');
  });
  return `${generated('Commands', '`src/main.ts`', introduction)}\n${text.join('\n\n')}\n`;
}

function usage(name: string, command: Command): string {
  return `${name} ${command.usage()}`;
}

/** What `addHelpText('after', …)` gave it: it is told only to who prints the help. */
function afterHelp(command: Command): string {
  let printed = '';
  command.configureOutput({ writeOut: (text) => (printed += text) }).outputHelp();
  return printed
    .replace(command.helpInformation(), '')
    .replace(/\n(Exit codes|Examples):\n[\s\S]*/, '')
    .trim();
}

function exitsOf(name: string): string {
  const exits = Object.entries(commandExits[name] ?? {}).map(
    ([exit, means]) => `${exitCodes[exit as ExitName].code} ${means}`,
  );
  return exits.length === 0 ? '' : `Exit code: ${exits.join('; ')}.`;
}

function examplesOf(name: string): string {
  return table(
    ['example', ''],
    (examples[name] ?? []).map(([line, what]) => [code(line), what]),
  );
}

function described(text: string, choices: readonly string[] | undefined, value: unknown, needed = false): string {
  const parts = [
    text,
    choices && `one of ${choices.map(code).join(', ')}`,
    value !== undefined && value !== false && `default ${code(String(value))}`,
    needed && '**required**',
  ];
  return parts.filter(Boolean).join('; ');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

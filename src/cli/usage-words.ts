import type { CommanderError } from 'commander';
import type { Told } from '../lib/operator-error.ts';

const expectations: Readonly<Record<string, string>> = {
  'commander.unknownCommand': 'one of the commands that there are',
  'commander.unknownOption': 'options that this command has',
  'commander.missingArgument': 'all arguments that this command needs',
  'commander.excessArguments': 'no more arguments than this command takes',
  'commander.missingMandatoryOptionValue': 'all options that this command needs',
  'commander.optionMissingArgument': 'a value behind that option',
  'commander.invalidArgument': 'a value that this option or argument takes',
  'commander.conflictingOption': 'options that go together',
};

/**
 * What commander says, in three parts. Its message repeats what was typed: on the command line there are no secrets.
 * @param command the one that was called: `upstairs ledger backup`
 */
export function usageWords({ code, message }: Pick<CommanderError, 'code' | 'message'>, command: string): Told {
  const [first = '', ...more] = message.split('\n');
  const meant = /\(Did you mean (.+)\?\)/.exec(more.join(' '))?.[1];
  const help = `\`${command} --help\``;
  // It has printed the help already.
  if (code === 'commander.help')
    return {
      found: 'no command was given',
      expected: `a command behind \`${command}\``,
      todo: 'choose one of those above',
    };
  return {
    found: first.replace(/^error: /, ''),
    expected: expectations[code] ?? 'a command line as the help has it',
    todo: meant === undefined ? `${help} says how it is written` : `did you mean ${meant}? ${help} lists what there is`,
  };
}

#!/usr/bin/env node
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { list } from './cli/list.ts';
import { schema } from './cli/schema.ts';
import { serve } from './cli/serve.ts';
import { version } from './cli/version.ts';

const program = new Command('upstairs')
  .description('Carries media from failing disks up into a bucket while people look at them.')
  .version(version);

const config = () => new Option('-c, --config <file>', 'configuration file').makeOptionMandatory();

program.command('serve').description('serve readers, and copy what came from a disk').addOption(config()).action(serve);
program.command('schema').description('print the JSON Schema of the configuration').action(schema);
program
  .command('list')
  .description('list keys by the status of their copy: key, tries, reason')
  .addArgument(new Argument('<status>').choices(['wanted', 'copied', 'superseded', 'refused']))
  .addOption(config())
  .option('-n, --limit <count>', 'at most so many', count, 1000)
  .action((status, options) => list({ ...options, status }));

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1');
  return value;
}

try {
  await program.parseAsync();
} catch (error) {
  const { code, message, stack } = error as Error & { code?: string };
  // An error with a code is the operator's to mend, and says how; anything else is ours.
  process.stderr.write(`upstairs: ${code === undefined ? (stack ?? message) : message}\n`);
  process.exitCode = 1;
}

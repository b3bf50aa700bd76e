import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { stringify } from 'yaml';
import { baseConfig } from '../support/base-config.ts';
import { scratch } from '../support/scratch.ts';
import { expectTold, type Wrong } from '../support/told-error.ts';

const file = join(scratch('config'), 'upstairs.yaml');
const basics = {
  endpoint: 'http://127.0.0.1:1',
  bucket: 'media',
  root: scratch('root'),
  admin: { listen: '127.0.0.1:1' },
};
const attic = { type: 'http', name: 'attic', url: 'http://127.0.0.1:1/' };
const basement = { type: 'disk', name: 'basement', root: basics.root };
writeFileSync(file, stringify(baseConfig({ ...basics, sources: [basement, attic] })));
const c = ['-c', file];

const usage = (name: string, words: readonly string[], says: RegExp) => ({
  name,
  words,
  exit: 64,
  code: 'USAGE',
  says,
});
const together = (name: string, words: readonly string[], says: RegExp) => ({
  ...usage(name, words, says),
  code: 'OPTIONS_WRONG',
});

const wrong: readonly (Wrong & { name: string })[] = [
  usage('a command that is mistyped', ['statsu', ...c], /did you mean status\?/),
  usage('a command that is nothing like any', ['fly', ...c], /`upstairs --help`/),
  usage(
    'a command within a command that is mistyped',
    ['backfill', 'puase', ...c],
    /did you mean pause\?.*`upstairs backfill --help`/,
  ),
  usage('no configuration', ['status'], /--config <file>[\s\S]*`upstairs status --help`/),
  usage('an option that is mistyped', ['status', ...c, '--wach'], /did you mean --watch\?/),
  usage('an option that the command does not have', ['serve', ...c, '--yes'], /unknown option '--yes'/),
  usage('an option without its value', ['scan', ...c, '--source'], /argument missing/),
  usage('a status that no copy has', ['list', 'lost', ...c], /wanted, copied, superseded, refused/),
  usage('a count that is none', ['list', 'wanted', ...c, '--limit', 'many'], /whole number from 1/),
  usage('a count of nothing', ['scan', ...c, '--rate', '0'], /whole number from 1/),
  usage('a share above all', ['verify', ...c, '--download', '200%'], /must be all, or a percentage/),
  usage('a reason that there is not', ['failures', ...c, '--reason', 'bad-luck'], /damaged/),
  usage('a key that is missing', ['recopy', ...c], /missing required argument 'key'/),
  usage('an argument too many', ['retire', 'basement', 'attic', ...c], /too many arguments/),
  together('a key without --retry', ['failures', '--key', 'a.jpg', ...c], /add --retry/),
  together(
    'a key and a reason',
    ['failures', '--retry', '--key', 'a.jpg', '--reason', 'damaged', ...c],
    /leave one of them out/,
  ),
  together('a list of what is tried again', ['failures', '--retry', '--lost', ...c], /leave these out/),
];

describe('a command line that is not understood ends with 64, and says what to write:', () => {
  test.concurrent.each(wrong)('$name', expectTold);

  test.concurrent('a duration that is none', () =>
    expectTold({
      words: ['retire', 'basement', '--window', 'soon', ...c],
      exit: 64,
      code: 'WRONG_DURATION',
      says: /90m, 72h or 7d/,
    }));

  test.concurrent('a manifest of which it is not said where it is from', () =>
    expectTold({
      words: ['scan', '--manifest', 'x', ...c],
      exit: 64,
      code: 'SOURCE_UNCLEAR',
      says: /basement, attic[\s\S]*--source NAME/,
    }));
});

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { type DemoOptions, demo } from './demo.ts';

const { media, once, seconds } = new Command('npm run demo --')
  .description('Shows Upstairs at work: viewers before it, an empty bucket above, and a basement of media below.')
  .option('--media <dir>', 'take the media in this directory, which is only read, instead of made-up ones', directory)
  .option('--once', 'after the viewers compare every copy with its file, and end; exit code 0 if all are equal', false)
  .option('--seconds <count>', 'how long the viewers look (default: 20; 8 with --once)', wholeNumber)
  .helpOption('-h, --help', 'this')
  .allowExcessArguments(false)
  .parse()
  .opts<{ media?: string; once: boolean; seconds?: number }>();

// npm passes a Ctrl-C on that the terminal has sent us already, so a second signal means nothing; every wait has a deadline.
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());

const options: DemoOptions = { media, once, seconds: seconds ?? (once ? 8 : 20) };
process.exitCode = await demo(options, interrupted.signal);

function directory(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new InvalidArgumentError('It is not a directory.');
  return resolve(path);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

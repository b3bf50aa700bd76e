#!/usr/bin/env node
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { calledCommand } from './cli/called-command.ts';
import { exitCodes } from './cli/exit-codes.ts';
import { addHelpTexts } from './cli/help-texts.ts';
import { tellError } from './cli/tell-error.ts';
import { version } from './cli/version.ts';
import { copyReasons } from './ledger/copy-reasons.ts';

// Each command brings what it needs with it when it is called: `--help` does not wait for an S3 client.
const program = new Command('upstairs')
  .description('Carries media from failing disks up into a bucket while people look at them.')
  .version(version)
  .exitOverride()
  // Errors are told at the end of this file, all of them.
  .configureOutput({ outputError: () => undefined });

const config = () => new Option('-c, --config <file>', 'configuration file').makeOptionMandatory();

program
  .command('serve')
  .description('serve readers, and copy what came from a disk')
  .addOption(config())
  .option(
    '--accept-loss <bucket>',
    'with a new state, take over this bucket from another one that is lost: what was deleted before is not known',
  )
  .action(async (options) => (await import('./cli/serve.ts')).serve(options));
program
  .command('check')
  .description('look at bucket, disks, state, hosts and certificates, and say what is wrong and what to do')
  .addOption(config())
  .option('--json', 'all findings as JSON')
  .option('-v, --verbose', 'also a line for each check that found nothing wrong')
  .option('--sample <count>', 'objects in the bucket that are looked at', count, 20)
  .addHelpText(
    'after',
    '\nIt ends within three minutes; what it writes into the bucket to see what its keys may do, below `_upstairs/`, is taken away again.',
  )
  .action(async (options) => (await import('./cli/check.ts')).check(options));
program
  .command('init')
  .description("write a configuration, its secrets, the nginx file and Mastodon's settings from a few questions")
  .option('--from <file>', "Mastodon's .env.production: what it tells need not be typed")
  .option('--out <dir>', 'where to write', 'upstairs')
  .option('--web-host <host>', 'host name of the instance')
  .option('--media-host <host>', 'host name for media, the read host')
  .option('--write-host <host>', 'host name where Mastodon will write')
  .option('--endpoint <url>', 'S3 service, without the bucket')
  .option('--region <region>', 'its region')
  .option('--bucket <name>', 'bucket where media move to')
  .option('--bucket-access-key <id>', 'its access key id')
  .option('--bucket-secret-file <file>', 'file with its secret key; or UPSTAIRS_BUCKET_SECRET in the environment')
  .option('--acls <yes|no>', 'whether the bucket keeps object ACLs')
  .option('--root <dir>', "Mastodon's public/system on the old disk; none: there is no disk")
  .option('--state <dir>', 'directory for what Upstairs must remember')
  .option('-y, --yes', 'ask nothing: what was given and found, and defaults, will do')
  .option('--force', 'replace what is there; key pairs that were made up for Mastodon stay')
  .option('--json', 'what was written as JSON')
  .action(async (options) => (await import('./cli/init.ts')).init(options));
program
  .command('schema')
  .description('print the JSON Schema of the configuration')
  .action(async () => (await import('./cli/schema.ts')).schema());
program
  .command('list')
  .description('list keys by the status of their copy: key, tries, reason')
  .addArgument(new Argument('<status>').choices(['wanted', 'copied', 'superseded', 'refused']))
  .addOption(config())
  .option('-n, --limit <count>', 'at most so many', count, 1000)
  .option('--json', 'the list as JSON')
  .action(async (status, options) => (await import('./cli/list.ts')).list({ ...options, status }));
program
  .command('status')
  .description('how far the move is, and whether a source can be unplugged')
  .addOption(config())
  .option('--json', 'as JSON: the answer of the admin listener at /api/status')
  .option('--watch', 'again every two seconds, until Ctrl-C')
  .action(async (options) => (await import('./cli/status.ts')).status(options));
program
  .command('retire')
  .description('take a source out of the read path, once it is proven that nobody needs it any more')
  .argument('<source>', 'its name in the configuration')
  .addOption(config())
  .option('-y, --yes', 'do it; else it is only told whether it could be done')
  .option('--undo', 'bring it back')
  .option('--window <duration>', 'how long no reader must have needed it, instead of retire.quiet')
  .option('--json', 'the verdict as JSON')
  .addHelpText('after', '\nA running `serve` follows within seconds.')
  .action(async (source, options) => (await import('./cli/retire.ts')).retire({ ...options, source }));

const backfill = program
  .command('backfill')
  .description('start, pause and limit what carries up the rest, while serve runs');
const json = () => new Option('--json', 'the state as JSON');
backfill
  .command('status')
  .description('what is ordered, by whom, and how it gets on')
  .addOption(config())
  .addOption(json())
  .action(async (options) => (await import('./cli/backfill.ts')).backfill({ ...options, order: 'status' }));
for (const [order, what] of [
  ['start', 'carry up from now on, whatever timetable and configuration say, also after a restart'],
  [
    'pause',
    'carry up nothing from now on, also after a restart; readers are still served, and what they ask for is copied',
  ],
  ['resume', 'take start or pause back: timetable and configuration decide again'],
] as const)
  backfill
    .command(order)
    .description(what)
    .addOption(config())
    .addOption(json())
    .action(async (options) => (await import('./cli/backfill.ts')).backfill({ ...options, order }));
backfill
  .command('limit')
  .description('how fast it may go, in place of the timetable, also after a restart')
  .argument('<limit>', '5MiB/s, 50/s, "5MiB/s, 50/s", none, or auto: the timetable decides again')
  .addOption(config())
  .addOption(json())
  .action(async (limit, options) =>
    (await import('./cli/backfill.ts')).backfill({ ...options, order: 'limits', limit }),
  );

program
  .command('failures')
  .description('list what could not be copied, and why; have it tried again')
  .addOption(config())
  .addOption(new Option('--reason <reason>', 'only those of this reason').choices(Object.keys(copyReasons)))
  .option('--key <key...>', 'only these keys, with --retry')
  .option('--retry', 'try them again now')
  .option('--lost', 'what is lost, for the moderators: URL, key, size, mtime, reason, detail')
  .addOption(new Option('--json', 'as JSON').conflicts('csv'))
  .option('--csv', 'as CSV')
  .addHelpText(
    'after',
    '\nWithout --retry it works beside a running `serve` and without one: key, reason, detail, tries, and when it is tried again, separated by tabs.',
  )
  .action(async (options) => (await import('./cli/failures.ts')).failures(options));
program
  .command('recopy')
  .description('have a key copied again that was copied and that the bucket lost, while serve runs')
  .argument('<key>', 'as the bucket has it, without bucket.keyPrefix')
  .addOption(config())
  .option('--json', 'the answer as JSON')
  .action(async (key, options) => (await import('./cli/recopy.ts')).recopy({ ...options, key }));

program
  .command('scan')
  .description('look through the sources and record their files, also while serve runs')
  .addOption(config())
  .option('--source <name>', 'this one; else all that are on this machine')
  .option('--manifest <file>', 'do not walk it, but read what `find` told there (- for standard input): see below')
  .option('--rate <count>', 'names in a second, at most; else backfill.scanRate', count)
  .option('--fresh', 'begin anew, not where the last scan was broken off; and believe that a source is empty now')
  .option('--json', 'the results as JSON')
  .addHelpText(
    'after',
    `\nA source that is not on this machine needs a manifest; in its public/system, run: ${String.raw`find . ! -type d -printf '%s %T@ %y%m %p\0'`}`,
  )
  .action(async (options) => (await import('./cli/scan.ts')).scan(options));

program
  .command('acl')
  .description('the ACLs of the objects in the bucket')
  .command('fix')
  .description('make objects public that an earlier tool put up as private; what is private on purpose stays so')
  .addOption(config())
  .option('-y, --yes', 'do it; else they are only counted')
  .option('--json', 'the counts as JSON')
  .option('--concurrency <count>', 'objects at once', count, 8)
  .option('--rate <count>', 'requests to the store in a second, at most', count, 200)
  .addHelpText('after', '\nBroken off, it is simply run again.')
  .action(async (options) => (await import('./cli/acl-fix.ts')).aclFix(options));

program
  .command('heat')
  .description('what is asked for most, and goes up first')
  .command('import')
  .description('count the views that access logs tell of')
  .argument('<log...>', 'access logs, also packed with gzip; - for what comes in')
  .addOption(config())
  .option('--host <host>', 'the host that was asked, where a log does not tell it')
  .option('--json', 'the counts as JSON')
  .addHelpText(
    'after',
    "\nLogs are nginx's `combined`, or have a JSON object in each line, with `request` (or `request_method` and `request_uri`), `status`, one of `time_iso8601`, `time_local` and `msec`, and, where they are known, `host` and `remote_addr`. " +
      'GET and HEAD count that were answered with 200, 206 or 304; the parts of a video that one address fetches within minutes are one view. A log may be imported again when it has grown, was renamed or packed: each line counts once.',
  )
  .action(async (logs, options) => (await import('./cli/heat.ts')).heatImport({ ...options, logs }));

program
  .command('verify')
  .description('prove that everything below is in the bucket and equal, or say what is not')
  .addOption(config())
  .option('--download <share>', 'read this share of the objects again: 5% of them, chosen at random, or all', share)
  .option('--source', 'read the files below again too, gently')
  .option('--combined <file>', 'a line for each key, as `rclone check --combined` writes them; - is standard output')
  .option('--report <file>', 'the page to keep, in Markdown')
  .option('--acknowledged <file>', 'keys that are let go, one a line, as the report prints them')
  .option('--only <source>', 'this source alone')
  .option('--seed <text>', 'choose the same objects as a run that printed this seed')
  .option('--no-list', 'rest on the last listing of the bucket, however old')
  .option('--stale-scan', 'rest on scans that are older than a day; the result is not kept')
  .option('--json', 'the result as JSON')
  .option('--concurrency <count>', 'keys at once', count, 8)
  .option('--rate <count>', 'requests to the store in a second, at most', count, 200)
  .action(async (options) => (await import('./cli/verify.ts')).verify(options));

program
  .command('inventory')
  .description('list the bucket, so that what is in it is known without asking for each key; also while serve runs')
  .addOption(config())
  .option('--json', 'the result as JSON')
  .option('--fresh', 'begin anew: do not go on with a listing that was broken off')
  .addHelpText('after', '\nBroken off, it goes on where it stopped when it is run again.')
  .action(async (options) => (await import('./cli/inventory.ts')).inventory(options));

const ledger = program.command('ledger').description('keep the state, and bring it back');
ledger
  .command('backup')
  .description('copy marks and ledger into a directory, also while serve runs')
  .argument('<dir>', 'a directory that is empty or does not exist')
  .addOption(config())
  .option('--force', 'replace an earlier backup in it')
  .option('--json', 'what was written as JSON')
  .action(async (dir, options) => (await import('./cli/ledger-backup.ts')).ledgerBackup({ ...options, dir }));
ledger
  .command('restore')
  .description('put a backup into state.dir, while serve does not run')
  .argument('<dir>', 'where the backup is')
  .addOption(config())
  .option('--replace', 'move aside the state that is there')
  .option('--json', 'what was restored as JSON')
  .action(async (dir, options) => (await import('./cli/ledger-restore.ts')).ledgerRestore({ ...options, dir }));

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1');
  return value;
}

/** `all`, or a percentage. */
function share(text: string): number {
  const percent = text === 'all' ? 100 : Number(/^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]);
  if (!(percent > 0 && percent <= 100)) throw new InvalidArgumentError('must be all, or a percentage: 5%');
  return percent;
}

addHelpTexts(program);

const args = process.argv.slice(2);

let telling: Promise<void> | undefined;

/** Tells the first error alone: a standard output that broke is an error of the stream, and again of whoever waits for it. */
function fail(error: unknown): Promise<void> {
  telling ??= tell(error);
  return telling;
}

async function tell(error: unknown): Promise<void> {
  const { toldError } = await import('./cli/told-error.ts');
  tellError(toldError(error, calledCommand(program, args)), { json: args.includes('--json') });
}

// The log goes past this stream, which is opened when it is first spoken of: not before `serve` becomes another process.
if (args[0] !== 'serve')
  process.stdout.on('error', async (error: NodeJS.ErrnoException) => {
    // Whoever read it has seen enough (`| head`).
    if (error.code === 'EPIPE') process.exit(exitCodes.readerLeft.code);
    await fail(Object.assign(error, { path: 'standard output' }));
    process.exit();
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError && error.exitCode === 0)) await fail(error);
  // A disk that hangs holds a thread, and would keep the process from ending by itself.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000).unref();
}
